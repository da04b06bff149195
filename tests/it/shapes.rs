//! Shapes that applications of components have: long lines, middleware, two
//! versions of one package; and types that few tools know.

use crate::components::{library, program, run, sound, workspace};
use crate::serve::Server;
use crate::support::{Project, example};

/// A line of crates, each of which asks the next one; what the first prints.
fn line(length: usize) -> (Project, String) {
    let project = Project::empty();
    let next = |at: usize| match at + 1 < length {
        true => format!("bindings::c{}::depth() + 1", at + 1),
        false => "1".to_owned(),
    };
    let dependency = |at: usize| match at + 1 < length {
        true => format!(
            "[package.metadata.component.dependencies]\n\
             \"fancy-components:c{0}\" = {{ path = \"../c{0}\" }}\n",
            at + 1
        ),
        false => String::new(),
    };
    let app = format!(
        "mod bindings;\nfn main() {{ println!(\"{{}}\", {}); }}\n",
        next(0)
    );
    program(&project, "app", &app, &dependency(0));
    for at in 1..length {
        let wit = format!(
            "package fancy-components:c{at}@1.0.0;\nworld c {{ export depth: func() -> u32; }}\n"
        );
        let code = format!(
            "mod bindings;\nstruct Component;\nimpl bindings::Guest for Component {{\n    \
             fn depth() -> u32 {{ {} }}\n}}\nbindings::export!(Component with_types_in bindings);\n",
            next(at)
        );
        let name = format!("c{at}");
        library(&project, &name, "1.0.0", (&wit, &code), &dependency(at));
    }
    let members: Vec<String> = (1..length).map(|at| format!("c{at}")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    workspace(&project, &[&["app"], &members[..]].concat());
    (project, format!("{length}\n"))
}

#[test]
fn a_line_of_components_is_one_program() {
    let (project, printed) = line(5);
    let output = run(&project, "run -p app").ok().prints(&printed);
    assert_eq!(output.stderr.matches("Creating").count(), 5, "{output}");
    assert_eq!(output.stderr.matches("Linking").count(), 1, "{output}");
}

#[test]
#[ignore = "builds thirty crates"]
fn a_line_of_thirty_components_is_one_program() {
    let (project, printed) = line(30);
    run(&project, "run -p app").ok().prints(&printed);
    run(&project, "run -p app")
        .ok()
        .prints(&printed)
        .silent_on("Creating")
        .silent_on("Linking");
    run(&project, "build -p app --compose").ok();
}

#[test]
fn two_versions_of_one_package_are_both_in_a_program() {
    let project = Project::empty();
    let manifest = |dir: &str, package: &str, version: &str, more: &str| {
        project.write(
            &format!("{dir}/Cargo.toml"),
            format!(
                "[package]\nname = \"{dir}\"\nversion = \"{version}\"\nedition = \"2024\"\n\
                 [lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\nwit-bindgen = {{ version = \"0.63.0\", \
                 default-features = false, features = [\"realloc\"] }}\n\
                 [package.metadata.component]\npackage = \"{package}\"\n{more}"
            ),
        );
    };
    // What changed is the type of what is counted.
    for (dir, version, ty) in [("old", "1.0.0", "u32"), ("new", "2.0.0", "string")] {
        manifest(dir, "fancy-components:shared", version, "");
        project.write(
            &format!("{dir}/wit/world.wit"),
            format!(
                "package fancy-components:shared@{version};\ninterface it {{ get: func() -> {ty}; }}\n\
                 world w {{ export it; }}\n"
            ),
        );
        let (ty, value) = match ty {
            "u32" => ("u32", "1"),
            _ => ("String", "\"two\".to_owned()"),
        };
        project.write(
            &format!("{dir}/src/lib.rs"),
            format!(
                "mod bindings;\nstruct Component;\nimpl bindings::exports::fancy_components::shared::it::Guest \
                 for Component {{\n    fn get() -> {ty} {{ {value} }}\n}}\n\
                 bindings::export!(Component with_types_in bindings);\n"
            ),
        );
    }
    for (dir, below) in [("left", "old"), ("right", "new")] {
        let dependency = format!(
            "[package.metadata.component.dependencies]\n\
             \"fancy-components:shared\" = {{ path = \"../{below}\" }}\n"
        );
        manifest(
            dir,
            &format!("fancy-components:{dir}"),
            "1.0.0",
            &dependency,
        );
        project
            .write(
                &format!("{dir}/wit/world.wit"),
                format!(
                    "package fancy-components:{dir}@1.0.0;\nworld w {{ export say: func() -> string; }}\n"
                ),
            )
            .write(
                &format!("{dir}/src/lib.rs"),
                "mod bindings;\nstruct Component;\nimpl bindings::Guest for Component {\n    \
                 fn say() -> String { bindings::fancy_components::shared::it::get().to_string() }\n}\n\
                 bindings::export!(Component with_types_in bindings);\n",
            );
    }
    program(
        &project,
        "app",
        "mod bindings;\nfn main() { println!(\"{} {}\", bindings::left::say(), bindings::right::say()); }\n",
        "[package.metadata.component.dependencies]\n\
         \"fancy-components:left\" = { path = \"../left\" }\n\
         \"fancy-components:right\" = { path = \"../right\" }\n",
    );
    workspace(&project, &["app", "left", "right", "old", "new"]);
    run(&project, "run -p app").ok().prints("1 two\n");
}

const MIDDLEWARE: &str = "mod bindings;
use bindings::wasi::http::incoming_handler as inner;
use bindings::wasi::http::types::{Fields, IncomingRequest, OutgoingResponse, ResponseOutparam};
struct Component;
impl bindings::exports::wasi::http::incoming_handler::Guest for Component {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        if request.path_with_query().as_deref() != Some(\"/private\") {
            return inner::handle(request, out);
        }
        let response = OutgoingResponse::new(Fields::new());
        response.set_status_code(403).unwrap();
        ResponseOutparam::set(out, Ok(response));
    }
}
bindings::export!(Component with_types_in bindings);
";

#[test]
fn middleware_stands_between_an_application_and_the_host() {
    let mut project = example("http");
    // Beside the application.
    project.enter("..");
    library(
        &project,
        "middleware",
        "0.1.0",
        (
            "package fancy-components:middleware@0.1.0;\nworld middleware {\n    \
             import wasi:http/incoming-handler@0.2.12;\n    export wasi:http/incoming-handler@0.2.12;\n}\n",
            MIDDLEWARE,
        ),
        "proxy = true\n\
         [package.metadata.component.dependencies]\n\
         \"example:hello-http\" = { path = \"../http\" }\n[workspace]\n",
    );
    crate::authoring::copy(
        &project.path("http/wit/deps"),
        &project.path("middleware/wit/deps"),
    );
    project.replace(
        "middleware/Cargo.toml",
        "[\"realloc\"]",
        "[\"realloc\", \"std\", \"bitflags\"]",
    );
    project.enter("middleware");
    let server = Server::start(project.command("serve --addr 127.0.0.1:0"));
    let answer = server.ask("GET /", "");
    assert!(answer.contains("Hello from wasi:http 0.2\n"), "{answer}");
    let answer = server.ask("POST /echo", "passed on");
    assert!(answer.ends_with("\r\n\r\npassed on"), "{answer}");
    let answer = server.ask("GET /private", "");
    assert!(answer.starts_with("HTTP/1.0 403 "), "{answer}");
    let (code, said) = server.interrupt();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Linking"), "{said}");
}

#[test]
fn lists_of_a_fixed_length_cross_the_boundary() {
    let project = Project::empty();
    library(
        &project,
        "sums",
        "1.0.0",
        (
            "package fancy-components:sums@1.0.0;\nworld sums {\n    \
             record pair { at: list<u8, 2>, name: string }\n    \
             export sum: func(xs: list<u32, 4>) -> u32;\n    \
             export turn: func(p: pair) -> list<pair, 2>;\n}\n",
            "mod bindings;
struct Component;
impl bindings::Guest for Component {
    fn sum(xs: [u32; 4]) -> u32 { xs.iter().sum() }
    fn turn(p: bindings::Pair) -> [bindings::Pair; 2] {
        let [x, y] = p.at;
        [bindings::Pair { at: [y, x], name: p.name.to_uppercase() }, p]
    }
}
bindings::export!(Component with_types_in bindings);
",
        ),
        "",
    );
    program(
        &project,
        "app",
        "mod bindings;
use bindings::sums::{Pair, sum, turn};
fn main() {
    let [turned, same] = turn(&Pair { at: [1, 2], name: \"a\".to_owned() });
    println!(\"{} {:?}{} {:?}{}\", sum([1, 2, 3, 4]), turned.at, turned.name, same.at, same.name);
}
",
        "[package.metadata.component.dependencies]\n\
         \"fancy-components:sums\" = { path = \"../sums\" }\n",
    );
    workspace(&project, &["app", "sums"]);
    run(&project, "run -p app")
        .ok()
        .prints("10 [2, 1]A [1, 2]a\n");
    sound(&project.bytes("target/wasm32-wasip1/debug/app.wasm"));
}
