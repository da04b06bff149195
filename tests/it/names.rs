//! Every name that WIT can have arrives: each identifier of generated code is
//! the name of a parameter, a field, a function, a method, a type and a
//! resource in one program, which is built, linked and called.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::authoring::{ASYNC_RUNTIME, RUNTIME, library, manifest, share_target};
use crate::support::Project;

/// A world for which the generator writes everything it can write.
const RICH: &str = "package a:b;
interface all {
    resource r { constructor(a: string); m: func(o: borrow<r>) -> r; s: static func() -> own<r>; }
    record point { x: u32, y: string, l: list<string>, c: option<list<string>>, z: tuple<u8, char> }
    variant v { one(string), two, three(point), four(f32), five(u64) }
    enum e { left, right }
    enum error-code { bad, worse }
    flags fl { a, b }
    f: func(p: point, v: v, e: e, fl: fl, r: r, b: borrow<r>, l: list<list<string>>) -> result<v, error-code>;
    g: func(m: map<string, u32>, n: list<u32, 4>, b: bool, f: f64) -> map<u32, string>;
    h: func(f: list<option<result<string, f32>>>) -> tuple<string, s64, list<v>>;
    w: async func(p: point, l: list<string>) -> result<string, v>;
    st: func(s: stream<string>) -> future<string>;
}
interface other {
    use all.{v, r, point};
    f: func(v: v, r: r, p: point) -> list<v>;
    w: async func(v: v, l: list<r>, a: string, b: string, c: string, d: string) -> v;
}
world w {
    use all.{v as world-v};
    import all; import other; export all; export other;
    import i: func(v: world-v) -> result<string, world-v>;
    export o: func(v: world-v) -> result<string, world-v>;
}
";

/// The names of WIT that become some identifier of the generated code; as many
/// of the first as is said become one of a type.
fn names() -> (Vec<String>, usize) {
    let project = Project::empty();
    manifest(
        &project,
        "rich",
        &format!("{ASYNC_RUNTIME}\n\n[package.metadata.component]"),
    );
    project.write("src/lib.rs", "").write("wit/w.wit", RICH);
    project.component("bindings").ok();
    let code = project.read("src/bindings.rs");
    // Without comments and the bytes of the world.
    let is_code =
        |line: &&str| !line.ends_with('\\') && !line.contains("\\0") && !line.contains("\\x");
    let code = code.lines().filter(is_code);
    let code: Vec<&str> = code.map(|line| line.split("//").next().unwrap()).collect();
    let code = code.join("\n");
    let (mut names, mut types) = (BTreeSet::new(), BTreeSet::new());
    for word in code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let mut name = String::new();
        for c in word.trim_matches('_').chars() {
            let lower = name.ends_with(|c: char| c.is_ascii_lowercase());
            if c == '_' || c.is_ascii_uppercase() && lower {
                name.push('-');
            }
            if c != '_' {
                name.push(c.to_ascii_lowercase());
            }
        }
        let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
        // One with a larger number is as one with a smaller.
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let small = name[stem.len()..].len() < 2 || name.ends_with("12");
        if starts && small && !name.contains("--") && name.len() < 40 {
            if word
                .trim_matches('_')
                .starts_with(|c: char| c.is_ascii_uppercase())
            {
                types.insert(name.clone());
            }
            names.insert(name);
        }
    }
    // What has another number, or only another length.
    for word in [
        "len", "ptr", "vec", "result", "layout", "base", "l", "v", "e", "x", "y", "s",
    ] {
        names.extend((0..6).map(|number| format!("{word}{number}")));
    }
    for word in crate::bindings::WORDS.split(' ') {
        names.extend([word.to_owned(), word.to_ascii_uppercase()]);
        types.extend([word.to_owned(), word.to_ascii_uppercase()]);
    }
    names.extend(["GUEST", "LEN0", "a-1b", "cleanup-list-arg"].map(str::to_owned));
    // Names of WIT do not differ by case and hyphens alone: half of the words
    // in each case.
    let mut known = BTreeSet::new();
    let halved = names.iter().rev().chain(&names).filter(|name| {
        let lower = name.to_ascii_lowercase();
        let word = crate::bindings::WORDS.split(' ').any(|word| word == lower);
        !word || (lower == **name) == (name.len() % 2 == 0)
    });
    let halved = halved.filter(|name| known.insert(name.to_ascii_lowercase().replace('-', "")));
    types.extend(["GUEST", "a-1b", "v0", "v1", "v2"].map(str::to_owned));
    let (mut first, rest): (Vec<String>, Vec<String>) =
        halved.cloned().partition(|name| types.contains(name));
    let count = first.len();
    first.extend(rest);
    (first, count)
}

fn snake(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

fn camel(name: &str) -> String {
    let words = name
        .split('-')
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..].to_ascii_lowercase());
    words.collect()
}

/// The identifier that the code has for a name: its own, or one with `_`
/// behind it.
fn shown<'a>(code: &str, before: &str, ident: &'a str, after: &str) -> std::borrow::Cow<'a, str> {
    if code.contains(&format!("{before}{ident}{after}")) {
        return ident.into();
    }
    let raw = format!("r#{ident}");
    if code.contains(&format!("{before}{raw}{after}")) {
        return raw.into();
    }
    for underscores in 1..4 {
        let other = format!("{ident}{}", "_".repeat(underscores));
        if code.contains(&format!("{before}{other}{after}")) {
            return other.into();
        }
    }
    panic!("the code has no `{before}{ident}{after}`");
}

/// The module `name` of the code, with all of its text.
fn module<'a>(code: &'a str, name: &str) -> &'a str {
    let start = code.find(&format!("pub mod {name} {{")).unwrap();
    let indent = code[..start].rsplit('\n').next().unwrap().len();
    let end = code[start..]
        .find(&format!("\n{}}}\n", " ".repeat(indent)))
        .unwrap();
    &code[start..start + end]
}

/// The interfaces, each with every name.
fn wit(names: &[String], types: usize) -> String {
    let some = |names: &[String], form: &dyn Fn(usize, &str) -> String| -> String {
        let names = names.iter().enumerate();
        names.map(|(at, name)| form(at, name)).collect()
    };
    let all = |form: &dyn Fn(usize, &str) -> String| some(names, form);
    let of_types = |form: &dyn Fn(usize, &str) -> String| some(&names[..types], form);
    let params = all(&|at, name| {
        format!(
            "    p{at}: func(text-z: string, %{name}: u32, many-z: list<string>, of-z: inner-z, again-z: choice-z) -> u32;\n"
        )
    });
    let fields: String = names
        .chunks(FIELDS)
        .enumerate()
        .map(|(chunk, names)| {
            let fields = some(names, &|at, name| {
                format!("        %{name}: u32,\n        text{at}-z: string,\n")
            });
            format!("    record many{chunk}-z {{\n{fields}    }}\n    turn{chunk}-z: func(x: many{chunk}-z) -> many{chunk}-z;\n    numbers{chunk}-z: func(x: many{chunk}-z) -> list<u32>;\n")
        })
        .collect();
    let functions = all(&|_, name| format!("    %{name}: func(a: u32) -> u32;\n"));
    let methods = all(&|_, name| format!("        %{name}: func(a: u32) -> u32;\n"));
    let records = of_types(&|at, name| {
        format!(
            "    record %{name} {{ value: u32 }}\n    t{at}-z: func(c: choice-z, x: %{name}, l: list<string>) -> tuple<choice-z, %{name}>;\n"
        )
    });
    let resources = of_types(&|_, name| {
        format!("    resource %{name} {{ constructor(v: u32); read-z: func() -> u32; }}\n")
    });
    let cases = of_types(&|_, name| format!("        %{name},\n"));
    format!(
        "package every:name;
interface shared-z {{ variant choice-z {{ a(string), b, c(u32) }} record inner-z {{ a: u32, b: string, l: list<string> }} }}
interface params-z {{\n    use shared-z.{{choice-z, inner-z}};\n{params}}}
interface fields-z {{\n{fields}}}
interface functions-z {{\n{functions}}}
interface methods-z {{\n    resource all-z {{\n        constructor();\n{methods}    }}\n}}
interface types-z {{\n    use shared-z.{{choice-z}};\n{records}}}
interface resources-z {{\n{resources}}}
interface cases-z {{\n    enum all-z {{\n{cases}    }}\n    same: func(x: all-z) -> all-z;\n}}
"
    )
}

/// How many names are fields of one record.
const FIELDS: usize = 40;

const INTERFACES: &[&str] = &[
    "params-z",
    "fields-z",
    "functions-z",
    "methods-z",
    "types-z",
    "resources-z",
    "cases-z",
];

/// The component that has the names.
fn provider(names: &[String], types: usize, code: &str) -> String {
    let exports = &code[code.find("pub mod exports {").unwrap()..];
    let at = |name: &str| module(exports, name);
    let mut text = String::from(
        "#[allow(warnings)]\nmod bindings;\nuse bindings::exports::every::name as n;\nstruct C;\n",
    );
    let mut parts = vec![String::new(); 7];
    for (at_name, name) in names.iter().enumerate() {
        let _ = writeln!(
            parts[0],
            "fn p{at_name}(_: String, v: u32, _: Vec<String>, _: n::params_z::InnerZ, _: n::params_z::ChoiceZ) -> u32 {{ v }}"
        );
        let field = shown(at("fields_z"), "pub ", &snake(name), ": u32").into_owned();
        let chunk = at_name / FIELDS;
        if at_name % FIELDS == 0 {
            let close = if chunk > 0 { "] }\n" } else { "" };
            let _ = write!(
                parts[1],
                "{close}fn turn{chunk}_z(x: n::fields_z::Many{chunk}Z) -> n::fields_z::Many{chunk}Z {{ x }}\nfn numbers{chunk}_z(x: n::fields_z::Many{chunk}Z) -> Vec<u32> {{ vec!["
            );
        }
        let _ = write!(parts[1], "x.{field}, ");
        let function = shown(at("functions_z"), "fn ", &snake(name), "(a: u32)").into_owned();
        let _ = writeln!(parts[2], "fn {function}(a: u32) -> u32 {{ a + {at_name} }}");
        let method = shown(at("methods_z"), "fn ", &snake(name), "(&self, a: u32)").into_owned();
        let _ = writeln!(
            parts[3],
            "fn {method}(&self, a: u32) -> u32 {{ a + {at_name} }}"
        );
        if at_name >= types {
            continue;
        }
        let ty = shown(at("types_z"), "pub struct ", &camel(name), " {").into_owned();
        let _ = writeln!(
            parts[4],
            "fn t{at_name}_z(c: n::types_z::ChoiceZ, x: n::types_z::{ty}, _: Vec<String>) -> (n::types_z::ChoiceZ, n::types_z::{ty}) {{ (c, n::types_z::{ty} {{ value: x.value + {at_name} }}) }}"
        );
        let resource = shown(at("resources_z"), "pub struct ", &camel(name), " {").into_owned();
        let _ = writeln!(parts[5], "type {resource} = R{at_name};");
        let _ = writeln!(
            text,
            "struct R{at_name}(u32);\nimpl n::resources_z::Guest{resource} for R{at_name} {{ fn new(v: u32) -> Self {{ R{at_name}(v) }} fn read_z(&self) -> u32 {{ self.0 + {at_name} }} }}"
        );
    }
    let [params, fields, functions, methods, records, resources, _] = &parts[..] else {
        unreachable!()
    };
    let _ = writeln!(
        text,
        "impl n::params_z::Guest for C {{\n{params}}}
impl n::fields_z::Guest for C {{
{fields}] }}
}}
impl n::functions_z::Guest for C {{\n{functions}}}
struct A;
impl n::methods_z::Guest for C {{ type AllZ = A; }}
impl n::methods_z::GuestAllZ for A {{ fn new() -> Self {{ A }}\n{methods}}}
impl n::types_z::Guest for C {{\n{records}}}
impl n::resources_z::Guest for C {{\n{resources}}}
impl n::cases_z::Guest for C {{ fn same(x: n::cases_z::AllZ) -> n::cases_z::AllZ {{ x }} }}
bindings::export!(C with_types_in bindings);"
    );
    text
}

/// The component that calls it, and says what came out wrong.
fn user(names: &[String], types: usize, code: &str) -> String {
    let at = |name: &str| module(code, name);
    let mut parts = vec![String::new(); 7];
    let mut made = String::new();
    for (at_name, name) in names.iter().enumerate() {
        let quoted = format!("{name:?}");
        let _ = writeln!(
            parts[0],
            "check(\"param\", {quoted}, n::params_z::p{at_name}(\"abcdefghij\", {at_name}, &many, &inner, &choice), {at_name});"
        );
        let field = shown(at("fields_z"), "pub ", &snake(name), ": u32").into_owned();
        let (chunk, number) = (at_name / FIELDS, at_name % FIELDS);
        if number == 0 {
            let close = if chunk > 0 { "} }\n" } else { "" };
            let _ = writeln!(
                made,
                "{close}#[allow(unused)]\nfn make{chunk}() -> n::fields_z::Many{chunk}Z {{ n::fields_z::Many{chunk}Z {{"
            );
            let _ = writeln!(
                parts[1],
                "let turned = n::fields_z::turn{chunk}_z(&make{chunk}()); let list = n::fields_z::numbers{chunk}_z(&make{chunk}());"
            );
        }
        let _ = writeln!(
            made,
            "{field}: {at_name}, text{number}_z: \"x\".repeat({at_name}),"
        );
        let _ = writeln!(
            parts[1],
            "check(\"field\", {quoted}, turned.{field}, {at_name}); check(\"field to the other\", {quoted}, list[{number}], {at_name}); check(\"text\", {quoted}, turned.text{number}_z.len() as u32, {at_name});"
        );
        let function = shown(at("functions_z"), "pub fn ", &snake(name), "(").into_owned();
        let _ = writeln!(
            parts[2],
            "check(\"function\", {quoted}, n::functions_z::{function}(1), 1 + {at_name});"
        );
        let method = shown(at("methods_z"), "pub fn ", &snake(name), "(&self, a").into_owned();
        let _ = writeln!(
            parts[3],
            "check(\"method\", {quoted}, all.{method}(1), 1 + {at_name});"
        );
        if at_name >= types {
            continue;
        }
        let ty = shown(at("types_z"), "pub struct ", &camel(name), " {").into_owned();
        let _ = writeln!(
            parts[4],
            "let (c, x) = n::types_z::t{at_name}_z(&choice, n::types_z::{ty} {{ value: 2 }}, &many); check(\"type\", {quoted}, x.value, 2 + {at_name}); if !matches!(&c, n::shared_z::ChoiceZ::A(a) if a == \"choice\") {{ check(\"type beside\", {quoted}, 0, 1); }}"
        );
        let resource = shown(at("resources_z"), "pub struct ", &camel(name), " {").into_owned();
        let _ = writeln!(
            parts[5],
            "check(\"resource\", {quoted}, n::resources_z::{resource}::new(3).read_z(), 3 + {at_name});"
        );
        let case = shown(at("cases_z"), "AllZ::", &camel(name), " =>").into_owned();
        let _ = writeln!(
            parts[6],
            "check(\"case\", {quoted}, n::cases_z::same(n::cases_z::AllZ::{case}) as u32, {at_name});"
        );
    }
    let body: String = parts.iter().enumerate().map(|(at, part)| format!("fn part{at}(check: &mut dyn FnMut(&str, &str, u32, u32)) {{
let many = [String::from(\"one\"), String::from(\"two\")];
let inner = n::shared_z::InnerZ {{ a: 99, b: String::from(\"inner\"), l: vec![String::from(\"l\")] }};
let choice = n::shared_z::ChoiceZ::A(String::from(\"choice\"));
let all = n::methods_z::AllZ::new();
{part}}}\n")).collect();
    let calls: String = (0..parts.len())
        .map(|at| format!("part{at}(&mut check); "))
        .collect();
    format!(
        "#[allow(warnings)]\nmod bindings;\nuse bindings::every::name as n;\nstruct C;
{made} }} }}
#[allow(unused)]\nmod parts {{ use super::*;\n{}}}\nuse parts::*;
impl bindings::Guest for C {{ fn go() -> String {{
let mut wrong = String::new(); let mut count = 0;
let mut check = |kind: &str, name: &str, is: u32, is_to_be: u32| {{ count += 1; if is != is_to_be {{ wrong += &format!(\"{{kind}} {{name}}: {{is}} instead of {{is_to_be}}; \"); }} }};
{calls}
format!(\"{{count}} {{wrong}}\") }} }}
bindings::export!(C with_types_in bindings);\n",
        body.replace("fn part", "pub fn part")
    )
}

#[test]
#[ignore = "compiles a million lines"]
fn every_name_arrives_as_what_it_is() {
    let (names, types) = names();
    assert!(names.len() > 250 && types > 80, "{} {types}", names.len());
    arrive(&names, types, "every");
}

/// Those of the names that something else is called in generated code: locals
/// with a number, and these.
const CRITICAL: &[&str] = &[
    "base",
    "cleanup",
    "cleanup-list",
    "e",
    "from-handle",
    "guest",
    "guest-r",
    "handle",
    "i",
    "into",
    "map-key",
    "map-value",
    "n",
    "new",
    "option",
    "params-lower",
    "r",
    "r-borrow",
    "result",
    "ret",
    "ret-area",
    "self",
    "some",
    "t",
    "take-handle",
];

#[test]
fn names_that_generated_code_has_for_something_else_arrive() {
    let (names, types) = names();
    let is_critical = |name: &&String| {
        let lower = name.to_ascii_lowercase();
        CRITICAL.contains(&lower.as_str()) || lower.ends_with(['1', '2', 'b'])
    };
    let some = |names: &[String]| {
        names
            .iter()
            .filter(is_critical)
            .cloned()
            .collect::<Vec<_>>()
    };
    let (mut first, rest) = (some(&names[..types]), some(&names[types..]));
    let types = first.len();
    first.extend(rest);
    assert!(first.len() > 50 && types > 15, "{} {types}", first.len());
    arrive(&first, types, "some");
}

/// Builds, links and calls a program with these names, of which the first
/// `types` are types too; `kind` is part of what its crates are called.
fn arrive(names: &[String], types: usize, kind: &str) {
    let (provider_name, user_name) = (format!("{kind}-provider"), format!("{kind}-user"));
    let wit = wit(names, types);
    let project = Project::empty();
    share_target(&project);
    project.write(
        "Cargo.toml",
        format!("[workspace]\nresolver = \"2\"\nmembers = [\"{provider_name}\", \"{user_name}\"]\n[profile.dev]\ndebug = false\n"),
    );
    let exports: String = INTERFACES
        .iter()
        .map(|i| format!("    export {i};\n"))
        .collect();
    let dependency = format!(
        "\n[package.metadata.component.dependencies]\n\"every:{provider_name}\" = {{ path = \"../{provider_name}\" }}\n"
    );
    for (name, wit, more) in [
        (
            &provider_name,
            format!("{wit}world w {{\n{exports}}}\n"),
            "",
        ),
        (
            &user_name,
            "package every:user;\nworld w { export go: func() -> string; }\n".to_owned(),
            dependency.as_str(),
        ),
    ] {
        project.write(&format!("{name}/wit/w.wit"), wit);
        project.write(&format!("{name}/src/lib.rs"), "");
        project.write(&format!("{name}/Cargo.toml"), format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n[dependencies]\n{RUNTIME}\n\n[package.metadata.component]\npackage = \"every:{name}\"\n{more}"));
    }
    project
        .component(&format!("bindings -p {provider_name}"))
        .ok();
    let code = project.read(&format!("{provider_name}/src/bindings.rs"));
    project.write(
        &format!("{provider_name}/src/lib.rs"),
        provider(names, types, &code),
    );
    project.component(&format!("bindings -p {user_name}")).ok();
    let code = project.read(&format!("{user_name}/src/bindings.rs"));
    project.write(
        &format!("{user_name}/src/lib.rs"),
        user(names, types, &code),
    );
    project
        .component(&format!("run -p {user_name} --invoke 'go()'"))
        .ok()
        .prints(&format!("\"{} \"", names.len() * 6 + types * 3));
}

#[test]
fn words_in_upper_case_are_names_like_others() {
    let project = library("shouted", "[package.metadata.component]\n");
    share_target(&project);
    project
        .write("wit/w.wit", "package a:b;\ninterface IN {\n    record range { IN: u32, AS-of: u8 }\n    REF: func(TYPE: range) -> u32;\n    resource FN { constructor(SELF: u8); MOD: func(); }\n    enum SELF { SELF, other }\n    same: func(MATCH: SELF) -> SELF;\n}\nworld w { import IN; export IN; import FN: interface { LET: func(); } }\n")
        .write("src/lib.rs", "#[allow(warnings)]\nmod bindings;\n#[allow(unused)]\nfn user() -> u32 {\n    use bindings::a::b::in_::*;\n    Fn::new(1).mod_();\n    same(Self_::Self_);\n    bindings::fn_::let_();\n    ref_(Range { in_: 1, as_of: 2 })\n}\n");
    project.cargo("check --target wasm32-wasip1").code(101);
    project.component("check").ok();
}
