//! `cargo component completions`, and the man pages of `help --man`.

use std::process::Command;

use crate::support::Project;

/// What bash offers for the last of these words.
fn offered(project: &Project, words: &[&str]) -> Option<Vec<String>> {
    let last = words.last().unwrap();
    let before = words[words.len() - 2];
    let function = match words[0] {
        "cargo" => "_cargo_with_component",
        _ => "_cargo__component",
    };
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "complete -F others_of_cargo cargo\nothers_of_cargo() {{ COMPREPLY=(of-cargo); }}\n\
         source script.bash\nsource script.bash\nCOMP_WORDS=({})\nCOMP_CWORD={}\n\
         {function} '{}' '{last}' '{before}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words.len() - 1,
        words[0],
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &script])
        .current_dir(project.path("."))
        .output()
        .ok()?;
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
