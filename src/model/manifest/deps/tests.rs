use super::*;

fn manifest(text: &str) -> Result<DepsManifest> {
    read(ManifestFile::new("wit/deps.toml", text))
}

fn source(value: &str) -> DepsSource {
    let manifest = manifest(&format!("a = {value}\n"));
    manifest.unwrap_or_else(|e| panic!("{value}: {e}")).entries["a"]
        .source
        .clone()
}

#[test]
fn a_string_is_an_address_or_a_path() {
    let url = |text: &str| match source(text) {
        DepsSource::Archive { url, .. } => url.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(url("\"HTTP://H/./a.tgz\""), "http://h/a.tgz");
    assert_eq!(url("{ url = \"https://h\" }"), "https://h/");
    for path in ["../x", "x", "C:\\\\x", "C:/x", "/x", "x:y"] {
        assert!(
            matches!(source(&format!("\"{path}\"")), DepsSource::Path(_)),
            "{path}"
        );
    }
}

#[test]
fn every_form_says_itself_to_the_lock_file() {
    let digest = "AB".repeat(32);
    let rev = "cd".repeat(20);
    for (value, words) in [
        ("\"../x\"".to_owned(), vec![("path", "../x")]),
        ("{ path = \"x/\" }".to_owned(), vec![("path", "x/")]),
        (
            format!("{{ url = \"http://h/a\", sha256 = \"{digest}\", prefix = \"p/wit\" }}"),
            vec![("prefix", "p/wit"), ("url", "http://h/a")],
        ),
        (
            "{ url = \"http://h/a\", prefix = \"\" }".to_owned(),
            vec![("url", "http://h/a")],
        ),
        (
            "{ url = \"http://h/a\", subdir = \"w\" }".to_owned(),
            vec![("subdir", "w"), ("url", "http://h/a")],
        ),
        (
            format!("{{ git = \"https://h/r\", rev = \"{rev}\" }}"),
            vec![("git", "https://h/r"), ("rev", &rev)],
        ),
        (
            "{ git = \"../r\", branch = \"a/b\", prefix = \"p\" }".to_owned(),
            vec![("branch", "a/b"), ("git", "../r"), ("prefix", "p")],
        ),
        ("{ oci = \"h/r:1\" }".to_owned(), vec![("oci", "h/r:1")]),
        (
            "{ package = \"a:b\", version = \"1.0\", registry = \"r\" }".to_owned(),
            vec![("package", "a:b"), ("registry", "r"), ("version", "^1.0")],
        ),
    ] {
        let said = source(&value).words();
        let said: Vec<_> = said
            .iter()
            .map(|(key, word)| (*key, word.as_str()))
            .collect();
        assert_eq!(said, words, "{value}");
    }
    let DepsSource::Archive { sha256, .. } = source(&format!(
        "{{ url = \"http://h/a\", sha256 = \"{digest}\" }}"
    )) else {
        panic!("no archive");
    };
    assert_eq!(sha256, Some(digest.to_lowercase()));
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_fix() {
    for (text, message) in [
        ("a = 1", "must be a string or a table"),
        ("a = {}", "has no source"),
        ("a = { url = \"x\" }", "is not a URL"),
        ("a = { url = 1 }", "must be a string"),
        (
            "a = { url = \"http://h/a\", path = \"x\" }",
            "in combination with `url`",
        ),
        (
            "a = { path = \"x\", sha256 = \"ab\" }",
            "in combination with `path`",
        ),
        ("a = { sha256 = \"ab\" }", "has no source"),
        (
            "a = { url = \"http://h/a\", sha256 = \"ab\" }",
            "not a hex digest",
        ),
        (
            "a = { url = \"http://h/a\", sha512 = \"zz\" }",
            "not a hex digest",
        ),
        ("a = { urll = \"http://h/a\" }", "unknown key `urll`"),
        ("a = \"ftp://h/a\"", "unsupported URL scheme `ftp`"),
        ("a = \"file:///x\"", "unsupported URL scheme `file`"),
        ("a = \"\"", "is empty"),
        ("a = { path = \"\" }", "is empty"),
        (
            "a = { url = \"http://h/a\", prefix = \"../x\" }",
            "points outside",
        ),
        (
            "a = { url = \"http://h/a\", subdir = \"/x\" }",
            "points outside",
        ),
        (
            "a = { url = \"http://h/a\", subdir = \"x\", prefix = \"y\" }",
            "`subdir`",
        ),
        ("a = { git = \"-x\" }", "cannot be passed to git"),
        ("a = { git = \"ext::sh -c x\" }", "cannot be passed to git"),
        ("a = { git = \"A-1+.b::x\" }", "cannot be passed to git"),
        (
            "a = { git = \"h\", tag = \"--x\" }",
            "cannot be passed to git",
        ),
        (
            "a = { git = \"h\", branch = \"a:b\" }",
            "cannot be passed to git",
        ),
        ("a = { git = \"h\", rev = \"abc\" }", "not a full commit"),
        (
            "a = { git = \"h\", tag = \"x\", branch = \"y\" }",
            "more than one of",
        ),
        ("a = { oci = \"x\" }", "invalid OCI reference"),
        (
            "a = { package = \"x\", version = \"1\" }",
            "invalid package name",
        ),
        ("a = { package = \"a:b\" }", "has no version"),
        (
            "a = { package = \"a:b\", version = \"one\" }",
            "invalid version requirement",
        ),
        ("\"\" = \"x\"", "it is empty"),
        ("\".\" = \"x\"", "another directory"),
        ("\"..\" = \"x\"", "another directory"),
        ("\"a/b\" = \"x\"", "separate directories"),
        ("\"a\\\\b\" = \"x\"", "separate directories"),
        ("\"/a\" = \"x\"", "separate directories"),
        ("\"C:\" = \"x\"", "separate directories"),
        ("a = \"x\"\nA = \"x\"", "the same directory on some systems"),
    ] {
        let error = manifest(text).unwrap_err();
        assert!(error.to_string().contains(message), "{text}: {error}");
        let at = error.excerpt().unwrap();
        assert!(at.span().start < at.span().end, "{text}: {error:?}");
        // What a type must be says what to write itself.
        assert!(
            error.advice().is_some() || message.starts_with("must be"),
            "{text}"
        );
    }
    assert!(manifest("a = ").unwrap_err().excerpt().is_some());
    let near = manifest("a = { urll = \"x\" }").unwrap_err();
    assert_eq!(near.advice(), Some("did you mean `url`?"));
}

#[test]
fn an_address_of_many_colons_is_no_program() {
    for url in ["ssh://git@[::1]/r", "https://[fe80::1]:8/r", "git@[::1]:r"] {
        let found = source(&format!("{{ git = \"{url}\" }}"));
        assert!(
            matches!(found, DepsSource::Git { url: found, .. } if found == url),
            "{url}"
        );
    }
}

#[test]
fn secrets_are_stars_in_what_errors_show() {
    let text = "a = \"https://me:pä55@h/a.tgz\"\nb = { git = \"http://t@h/r\", rev = \"x\" }\nc = \"http://h/@x?t=é\"";
    let error = manifest(text).unwrap_err();
    let shown = error.excerpt().unwrap().text();
    assert_eq!(shown.len(), text.len());
    assert!(shown.contains("https://********@h/a.tgz") && shown.contains("http://*@h/r"));
    assert!(shown.contains("http://h/@x?****\""));
    // What is read has it.
    let manifest = manifest(text.lines().next().unwrap()).unwrap();
    assert!(manifest.entries["a"].source.words()["url"].contains("me:"));
}

#[test]
fn names_that_windows_does_not_have_are_refused_there() {
    for name in [
        "con",
        "Aux.wit",
        "nul .wit",
        "com1",
        "LPT¹.txt",
        "a?",
        "a|b",
        "a.",
        "a ",
    ] {
        assert!(invalid_on_windows(name).is_some(), "{name}");
        assert_eq!(invalid_dir_name(name).is_some(), cfg!(windows), "{name}");
    }
    for name in ["console", "com", "com10", "com0x", "my-aux", "a.b", ".wit"] {
        assert_eq!(invalid_on_windows(name), None, "{name}");
    }
}
