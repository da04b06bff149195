//! The components that a host embeds.

use super::*;

#[test]
fn components_of_a_host_come_from_where_dependencies_come_from() {
    let manifest = good(
        "[package.metadata.component.artifacts]
adder = { path = \"../adder\" }
\"my-org:adder\" = \"1.2\"
renamed = { package = \"my-org:adder\", version = \"1\", compose = true }
image = { oci = \"ghcr.io/my-org/adder:1\" }",
    );
    let source = |key: &str| &manifest.artifacts[key].dependency.source;
    let DependencySource::Path { path, .. } = source("adder") else {
        panic!("{manifest:?}");
    };
    assert_eq!(path, Path::new("/w/adder"));
    for key in ["my-org:adder", "renamed"] {
        assert!(matches!(source(key), DependencySource::Registry { .. }));
        let package = manifest.artifacts[key].dependency.package.clone();
        assert_eq!(package, Some("my-org:adder".parse().unwrap()));
    }
    assert!(matches!(source("image"), DependencySource::Oci { .. }));
    let composed = manifest.artifacts.iter().filter(|(_, entry)| entry.compose);
    assert_eq!(
        composed.map(|(key, _)| key).collect::<Vec<_>>(),
        ["renamed"]
    );
    assert!(manifest.dependencies.is_empty());
    assert_eq!(
        EmbeddedComponent::variable("my-org:adder"),
        "COMPONENT_MY_ORG_ADDER"
    );
}

#[test]
fn a_host_is_no_component() {
    let artifacts = "artifacts.adder.path = \"../adder\"";
    for (more, declared) in [
        ("", false),
        ("registries.default = \"file:registry\"", false),
        ("package = \"a:b\"", true),
    ] {
        let manifest = good(&format!("{artifacts}\n{more}"));
        assert_eq!(manifest.declared, declared, "{more}");
    }
}

#[test]
fn two_components_need_two_variables() {
    let (text, place) = marked(
        "[package.metadata.component.artifacts]\n\"my:adder\" = \"1\"\n§my-adder.path = \"x\"\n",
    );
    let error = read_alone(&text).unwrap_err();
    assert_eq!(
        error.message(),
        "`my:adder` and `my-adder` in `package.metadata.component.artifacts` have one variable, `COMPONENT_MY_ADDER`"
    );
    assert_eq!(error.excerpt().unwrap().line_column(), place);
}
