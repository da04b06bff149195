"""Crates, workspaces and changes to them."""

import json
import pathlib
import shutil
import subprocess
import time

from measure import ROOT, Bench


def new(bench: Bench, name: str, *arguments: str) -> pathlib.Path:
    """What `cargo component new` makes, with its lock file."""
    bench.component("new", "--vcs", "none", *arguments, name, directory=bench.scratch)
    place = bench.scratch / name
    bench.run(["cargo", "fetch"], place)
    return place


def workspace(bench: Bench, count: int) -> pathlib.Path:
    """A workspace of that many libraries."""
    place = bench.scratch / f"workspace{count}"
    place.mkdir()
    (place / "Cargo.toml").write_text('[workspace]\nresolver = "3"\nmembers = ["member*"]\n')
    for number in range(count):
        source = bench.scratch / f"member{number}"
        if not source.exists():
            bench.component("new", "--vcs", "none", "--lib", source.name, directory=bench.scratch)
        shutil.copytree(source, place / source.name)
    bench.run(["cargo", "fetch"], place)
    return place


def world(bench: Bench, name: str, include: list[str], interfaces: int) -> pathlib.Path:
    """A library whose world includes worlds of WASI, and imports that many interfaces of five
    functions and two types."""
    place = new(bench, name, "--lib")
    packages = wasi_wit()
    shutil.copytree(packages, place / "wit" / "deps")
    version = (packages / "cli.wit").read_text().split("@", 1)[1].split(";", 1)[0]
    lines = [f"package component:{name};", "world example {"]
    lines += [f"  include {world}@{version};" for world in include]
    lines += [f"  import i{number};" for number in range(interfaces)]
    lines += ["  export hello-world: func() -> string;", "}"]
    for number in range(interfaces):
        lines += [f"interface i{number} {{"]
        lines += ["  record r { a: string, b: list<u32>, c: option<string> }"]
        lines += ["  variant v { x(r), y(string), z }"]
        lines += [f"  f{f}: func(a: r, b: list<v>) -> result<v, string>;" for f in range(5)]
        lines += ["}"]
    (place / "wit" / "world.wit").write_text("\n".join(lines) + "\n")
    bench.component("bindings", directory=place)
    return place


def wasi_wit() -> pathlib.Path:
    """The packages of WASI 0.2, which come with a crate that this one depends on."""
    command = ["cargo", "metadata", "--format-version=1", "--locked"]
    packages = json.loads(subprocess.check_output(command, cwd=ROOT))["packages"]
    manifest = next(p["manifest_path"] for p in packages if p["name"] == "wasmtime-wasi-http")
    return pathlib.Path(manifest).parent / "wit" / "deps"


def with_libraries(bench: Bench, name: str) -> pathlib.Path:
    """A program that uses `regex` and `serde_json`."""
    place = new(bench, name)
    bench.run(["cargo", "add", "--quiet", "regex@1", "serde_json@1"], place)
    (place / "src" / "main.rs").write_text(
        'const TEXT: &str = "Hello";\n'
        "fn main() {\n"
        '    let word = regex::Regex::new(r"\\w+").unwrap();\n'
        "    let words: Vec<&str> = word.find_iter(TEXT).map(|found| found.as_str()).collect();\n"
        '    println!("{}", serde_json::json!({ "words": words }));\n'
        "}\n"
    )
    return place


def part(bench: Bench, number: int) -> pathlib.Path:
    """A component that exports a function `number`."""
    place = bench.scratch / f"part{number}"
    built = place / "target" / "wasm32-wasip1" / "debug" / f"part{number}.wasm"
    if built.exists():
        return built
    new(bench, place.name, "--lib")
    (place / "wit" / "world.wit").write_text(
        f"package bench:part{number}@1.0.0;\nworld part {{ export number: func() -> u32; }}\n"
    )
    manifest = place / "Cargo.toml"
    text = manifest.read_text()
    manifest.write_text(text.replace(f"component:part{number}", f"bench:part{number}"))
    (place / "src" / "lib.rs").write_text(
        "mod bindings;\nstruct Component;\nimpl bindings::Guest for Component {\n"
        f"    fn number() -> u32 {{ {number} }}\n}}\n"
        "bindings::export!(Component with_types_in bindings);\n"
    )
    bench.component("build", directory=place)
    return built


def application(bench: Bench, count: int) -> pathlib.Path:
    """A program that calls that many components, built and run once. They are files, like those
    of a registry that are in the cache."""
    place = bench.scratch / f"application{count}"
    if place.exists():
        return place
    new(bench, place.name)
    lines, calls = [], []
    for number in range(count):
        shutil.copy(part(bench, number), place)
        lines.append(f'"bench:part{number}" = {{ path = "part{number}.wasm" }}')
        calls.append(f"bindings::part{number}::number()")
    if count:
        manifest = place / "Cargo.toml"
        table = "[package.metadata.component.dependencies]\n"
        before, found, after = manifest.read_text().partition(table)
        if not found:
            before += "\n"
        manifest.write_text(before + table + "\n".join(lines) + "\n" + after)
        total = " + ".join(calls)
        code = f'mod bindings;\nfn main() {{ println!("{{}}", {total}); }}\n'
        (place / "src" / "main.rs").write_text(code)
    for verb in ("build", "run"):
        bench.component(verb, directory=place)
    return place


def source(place: pathlib.Path) -> pathlib.Path:
    """The file that changes: of a package, or of the first member of a workspace."""
    member = place / "member0"
    folder = (member if member.exists() else place) / "src"
    library = folder / "lib.rs"
    return library if library.exists() else folder / "main.rs"


def touch(place: pathlib.Path) -> None:
    """Changes when the source was modified, not what is in it."""
    # Some file systems store times of several milliseconds.
    time.sleep(0.02)
    source(place).touch()


def edit(place: pathlib.Path) -> None:
    """Changes the first string of the source, and so the module."""
    time.sleep(0.02)
    path = source(place)
    before, _, after = path.read_text().split('"', 2)
    path.write_text(f'{before}"Hello {time.monotonic_ns()}"{after}')


def clean(place: pathlib.Path) -> None:
    """Removes everything that was built."""
    shutil.rmtree(place / "target", ignore_errors=True)
