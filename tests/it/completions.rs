//! `cargo component completions`, and the man pages of `help --man`.

use std::path::Path;
use std::process::Command;

use crate::support::Project;

/// What bash offers for the last of these words.
fn offered(project: &Project, words: &[&str]) -> Option<Vec<String>> {
    let last = words.last().unwrap();
    let before = words[words.len() - 2];
    let function = match words[0] {
        "cargo" => "_cargo_with_component",
        _ => "_cargo_component_with_names",
    };
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "complete -F others_of_cargo cargo\nothers_of_cargo() {{ COMPREPLY=(of-cargo); }}\n\
         source script.bash\nsource script.bash\nCOMP_WORDS=({})\nCOMP_CWORD={}\n\
         COMP_LINE='{}'\nCOMP_POINT=${{#COMP_LINE}}\n\
         {function} '{}' '{last}' '{before}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words.len() - 1,
        words.join(" "),
        words[0],
    );
    printed(
        project,
        Command::new("bash").args(["--norc", "-c", &script]),
    )
}

/// What a shell prints in the project, where it finds the tool; none without the shell.
fn printed(project: &Project, shell: &mut Command) -> Option<Vec<String>> {
    let tool = Path::new(env!("CARGO_BIN_EXE_cargo-component"));
    let path = std::env::var_os("PATH").unwrap();
    let dirs = [tool.parent().unwrap().to_owned()].into_iter();
    let path = std::env::join_paths(dirs.chain(std::env::split_paths(&path))).unwrap();
    let mut command = project.clean(shell.get_program().to_str().unwrap());
    let command = command.args(shell.get_args()).env("PATH", path);
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn bash_completes_verbs_and_options_of_ours_and_of_cargo() {
    let project = Project::empty();
    let script = project.component("completions bash").ok().stdout;
    project.write("script.bash", script);
    for (words, wanted) in [
        (&["cargo", "component", "publ"][..], "publish"),
        (&["cargo", "component", "ser"], "serve"),
        (&["cargo", "+stable", "component", "ser"], "serve"),
        (&["cargo-component", "component", "comp"], "compose"),
        (&["cargo", "component", "wit", "pub"], "publish"),
        (
            &["cargo", "component", "build", "--host-m"],
            "--host-members",
        ),
        (&["cargo", "component", "build", "--rel"], "--release"),
        (&["cargo", "component", "completions", "zs"], "zsh"),
        (&["cargo", "bui"], "of-cargo"),
    ] {
        // Without bash there is nothing to test.
        let Some(offered) = offered(&project, words) else {
            return;
        };
        let found = offered.iter().any(|word| word.trim() == wanted);
        assert!(found, "{words:?}: {offered:?}");
    }
}

/// A workspace of two members, the first with dependencies, in whose directory it is.
fn workspace() -> Project {
    let mut project = Project::empty();
    project.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"first\", \"second\"]\nresolver = \"3\"\n",
    );
    for name in ["first", "second"] {
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        project.write(&format!("{name}/Cargo.toml"), manifest);
        project.write(&format!("{name}/src/lib.rs"), "");
    }
    let manifest = project.read("first/Cargo.toml");
    project.write(
        "first/Cargo.toml",
        manifest
            + "\n[package.metadata.component.dependencies]\n\"my:regex\" = \"1\"\n\
               label = { package = \"my:logger\", version = \"1\" }\n\
               [package.metadata.component.dev-dependencies]\n\"my:mock\" = \"1\"\n",
    );
    project.enter("first");
    project
}

#[test]
fn names_of_the_project_are_completed() {
    let project = workspace();
    for (shell, file) in [
        ("bash", "script.bash"),
        ("zsh", "_cargo-component"),
        ("fish", "script.fish"),
    ] {
        let script = project
            .component(&format!("completions {shell}"))
            .ok()
            .stdout;
        project.write(file, script);
    }
    for (line, wanted) in [
        ("build -p ", "first second"),
        ("build --package s", "second"),
        ("remove ", "label my:mock my:regex"),
        ("remove --dev la", "label"),
        ("update my:", "my:logger my:mock my:regex"),
        ("update --package my:l", "my:logger"),
        ("tree --invert my:r", "my:regex"),
    ] {
        let wanted: Vec<&str> = wanted.split(' ').collect();
        for tool in ["cargo", "cargo-component"] {
            let line = format!("{tool} component {line}");
            let words: Vec<&str> = line.split(' ').collect();
            if let Some(offered) = offered(&project, &words) {
                // What readline replaces.
                let start = words.last().unwrap().rfind(':').map_or(0, |at| at + 1);
                let wanted: Vec<&str> = wanted.iter().map(|name| &name[start..]).collect();
                assert_eq!(offered, wanted, "bash: {line}");
            }
            let script = format!("source script.fish; complete -C'{line}'");
            let mut shell = Command::new("fish");
            let shell = shell.args(["--no-config", "-c", &script]);
            if let Some(offered) = printed(&project, shell) {
                let offered: Vec<&str> = offered
                    .iter()
                    .map(|line| line.split('\t').next().unwrap())
                    .filter(|word| !word.starts_with('-'))
                    .collect();
                assert_eq!(offered, wanted, "fish: {line}");
            }
        }
    }
    // What the completion of zsh would add.
    let script = "compdef() { }; _call_program() { shift; \"$@\"; }; compadd() { print -l ${(P)2}; }\n\
                  source ./_cargo-component; _cargo_component_dependencies; _cargo_component_members";
    let mut zsh = Command::new("zsh");
    if let Some(offered) = printed(&project, zsh.args(["-f", "-c", script])) {
        assert_eq!(offered, ["label", "my:mock", "my:regex", "first", "second"]);
        let script = project.read("_cargo-component");
        assert!(script.contains(":PACKAGE:_cargo_component_packages'"));
    }
    // Outside of a project there are none, and no error disturbs the line.
    let outside = Project::empty();
    outside
        .component("completions --names dependencies")
        .ok()
        .prints("");
}

#[test]
fn every_shell_has_a_script_and_others_are_refused() {
    let project = Project::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = project
            .component(&format!("completions {shell}"))
            .ok()
            .stdout;
        for word in ["publish", "outdated", "serve", "trust-unpinned"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    project
        .component("completions tcsh")
        .code(2)
        .says("possible values: bash");
}

#[test]
fn every_verb_gets_a_man_page() {
    let project = Project::empty();
    project
        .component("help --man pages/man1")
        .ok()
        .says("man pages to `pages/man1`");
    for (page, text) in [
        ("cargo-component", "cargo\\-component\\-publish(1)"),
        ("cargo-component-publish", "Publish"),
        ("cargo-component-wit-publish", "cargo component wit publish"),
        ("cargo-component-serve", "\\-\\-addr"),
        ("cargo-component-build", "All options of `cargo build`"),
    ] {
        let page = project.read(&format!("pages/man1/{page}.1"));
        assert!(page.starts_with(".ie") && page.contains(".TH"), "{page}");
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!project.has("pages/man1/cargo-component-clean.1"));
    project
        .component("help wit publish")
        .ok()
        .prints("Usage: cargo component wit publish");
    project
        .component("help wit nothing")
        .code(2)
        .says("there is no command `wit nothing`");
}
