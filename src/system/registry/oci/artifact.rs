//! The artifact of a package: a manifest with one layer, and a configuration
//! that describes it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::describe::Description;
use crate::base::error::{Error, Result};
use crate::base::package::ContentDigest;

/// The media type of the manifests written here.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The `Accept` header of manifests: their types, in the order of oci-client.
pub const ACCEPT: &str = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";
/// The media types of layers before the artifact layout: of cargo-component,
/// wash, and the first drafts of the Bytecode Alliance.
const OLD_LAYERS: [&str; 4] = [
    "application/vnd.wasm.content.layer.v1+wasm",
    "application/vnd.module.wasm.content.layer.v1+wasm",
    "application/vnd.bytecodealliance.component.layer.v0+wasm",
    "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
];
const ANNOTATION: &str = "org.opencontainers.image.";

/// A blob as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// The digest of its bytes.
    pub digest: ContentDigest,
    /// The number of its bytes.
    pub size: u64,
}

/// A package, as its manifest describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The digest of the manifest.
    pub digest: ContentDigest,
    /// The layer with the package.
    pub layer: Blob,
    /// The file name, if the manifest has one.
    pub title: Option<String>,
    /// The annotations of the manifest, by their whole names.
    pub annotations: BTreeMap<String, String>,
}

/// The document that a tag or digest leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestOrIndex {
    /// The manifest of an artifact.
    Manifest(Manifest),
    /// An index: the digests of the manifests that may be that of a package.
    Index(Vec<ContentDigest>),
}

/// A manifest as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    digest: ContentDigest,
    /// The layers of the manifest, in order.
    pub layers: Vec<Layer>,
    annotations: BTreeMap<String, String>,
}

/// A layer of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The blob with its bytes; the error is a fragment for a cause.
    pub blob: Result<Blob, String>,
    /// The media type that somebody gave it.
    pub media: String,
    /// Whether the media type, or that of the configuration, is one of
    /// WebAssembly.
    labelled: bool,
    title: Option<String>,
}

impl Manifest {
    /// The layer that is labelled as WebAssembly; `None` if none is, or several
    /// are, and the bytes have to decide.
    pub fn labelled(&self) -> Option<&Layer> {
        let mut labelled = self.layers.iter().filter(|layer| layer.labelled);
        labelled.next().filter(|_| labelled.next().is_none())
    }

    /// The package, with its bytes in this layer.
    pub fn artifact(&self, layer: &Layer) -> Result<Artifact, String> {
        Ok(Artifact {
            digest: self.digest.clone(),
            layer: layer.blob.clone()?,
            title: layer.title.clone(),
            annotations: self.annotations.clone(),
        })
    }
}

/// Reads a manifest of wkg, oras, wash or an old cargo-component, or an index
/// of manifests; `content_type` is what it was delivered as. The error is a
/// fragment for a cause.
pub fn read(bytes: &[u8], content_type: &str) -> Result<ManifestOrIndex, String> {
    let manifest: Value =
        serde_json::from_slice(bytes).map_err(|e| format!("the manifest is not JSON: {e}"))?;
    let media = match manifest.get("mediaType") {
        Some(media) => text(media),
        None => content_type
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_owned(),
    };
    if media.contains(".index.") || media.contains(".list.") || manifest.get("manifests").is_some()
    {
        return index(&manifest).map(ManifestOrIndex::Index);
    }
    if media != MANIFEST && media != DOCKER_MANIFEST {
        return Err(format!("its manifest has the type `{media}`"));
    }
    let layers = manifest.get("layers").and_then(Value::as_array);
    let layers = layers.ok_or("the manifest has no `layers`")?;
    let is_wasm = |media: &str| media == LAYER || OLD_LAYERS.contains(&media);
    let is_only = layers.len() == 1 && text(&manifest["config"]["mediaType"]) == CONFIG;
    let read = layers.iter().map(|layer| {
        let media = text(&layer["mediaType"]);
        Layer {
            blob: blob(layer),
            labelled: is_only || is_wasm(&media),
            media,
            title: annotations(layer).remove(&format!("{ANNOTATION}title")),
        }
    });
    let read: Vec<_> = read.collect();
    if read.is_empty() {
        return Err("the manifest has no layers".to_owned());
    }
    Ok(ManifestOrIndex::Manifest(Manifest {
        digest: ContentDigest::of(bytes),
        layers: read,
        annotations: annotations(&manifest),
    }))
}

/// The manifests of an index that may be that of a package: those for
/// WebAssembly, or all, without those that only vouch for others.
fn index(index: &Value) -> Result<Vec<ContentDigest>, String> {
    let listed = index.get("manifests").and_then(Value::as_array);
    let listed = listed.map(Vec::as_slice).unwrap_or_default();
    let is_wasm = |one: &&Value| {
        text(&one["platform"]["architecture"]).starts_with("wasm")
            || text(&one["artifactType"]).contains("wasm")
    };
    let vouches = |one: &&Value| {
        one["annotations"]
            .get("vnd.docker.reference.type")
            .is_some()
            || text(&one["platform"]["architecture"]) == "unknown"
            || one.get("subject").is_some()
    };
    let mut fitting: Vec<&Value> = listed.iter().filter(is_wasm).collect();
    if fitting.is_empty() {
        fitting = listed.iter().filter(|one| !vouches(one)).collect();
    }
    if fitting.is_empty() {
        return Err("it is an index without a package".to_owned());
    }
    let digest = |one: &&Value| {
        text(&one["digest"])
            .parse()
            .map_err(|e: Error| e.to_string())
    };
    fitting.iter().map(digest).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn blob(descriptor: &Value) -> Result<Blob, String> {
    let digest = descriptor["digest"].as_str().unwrap_or_default();
    Ok(Blob {
        digest: digest.parse().map_err(|e: Error| e.to_string())?,
        size: descriptor["size"]
            .as_u64()
            .ok_or("the manifest has no size for the layer")?,
    })
}

fn annotations(value: &Value) -> BTreeMap<String, String> {
    let entries = value.get("annotations").and_then(Value::as_object);
    let entries = entries.into_iter().flatten();
    entries
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The whole name of one of OCI's annotations; others are left as they are.
pub fn annotation(name: &str) -> String {
    match name.contains('.') {
        true => name.to_owned(),
        false => format!("{ANNOTATION}{name}"),
    }
}

/// The fields of a manifest that is written.
#[derive(Clone, Debug)]
pub struct ManifestFields<'a> {
    /// The layer with the package.
    pub layer: &'a Blob,
    /// The blob with the configuration.
    pub config: &'a Blob,
    /// The file name that others see.
    pub title: &'a str,
    /// The annotations, by their whole names.
    pub annotations: &'a BTreeMap<String, String>,
}

/// The manifest in canonical JSON: keys sorted, no spaces.
pub fn write(fields: &ManifestFields<'_>) -> Vec<u8> {
    let annotations: Map<String, Value> = fields
        .annotations
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let manifest = json!({
        "annotations": annotations,
        "config": {
            "digest": fields.config.digest.to_string(),
            "mediaType": CONFIG,
            "size": fields.config.size,
        },
        "layers": [{
            "annotations": { format!("{ANNOTATION}title"): fields.title },
            "digest": fields.layer.digest.to_string(),
            "mediaType": LAYER,
            "size": fields.layer.size,
        }],
        "mediaType": MANIFEST,
        "schemaVersion": 2,
    });
    sorted(manifest).to_string().into_bytes()
}

/// The value with the keys of all its objects in order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let entries: BTreeMap<String, Value> = entries
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// The configuration blob; `created` is in seconds since 1970.
pub fn config(layer: &ContentDigest, description: &Description, created: u64) -> Vec<u8> {
    let component = description.component.as_ref().map(|component| {
        json!({
            "exports": component.exports,
            "imports": component.imports,
            "target": null,
        })
    });
    let config = json!({
        "created": rfc3339(created),
        "author": null,
        "architecture": "wasm",
        "os": description.os,
        "layerDigests": [layer.to_string()],
        "component": component,
    });
    config.to_string().into_bytes()
}

/// The time in the format of RFC 3339, in UTC.
fn rfc3339(seconds: u64) -> String {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Days to a date, counting years from March so that leap days come last.
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        time / 3600,
        time / 60 % 60,
        time % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::registry::oci::describe::Interfaces;

    fn digest(byte: u8) -> ContentDigest {
        format!("sha256:{}", format!("{byte:02x}").repeat(32))
            .parse()
            .unwrap()
    }

    /// The package of a manifest with one labelled layer.
    fn labelled(bytes: &[u8], content_type: &str) -> Result<Artifact, String> {
        match read(bytes, content_type)? {
            ManifestOrIndex::Manifest(manifest) => {
                let layer = manifest.labelled().ok_or("the bytes have to decide")?;
                manifest.artifact(layer)
            }
            ManifestOrIndex::Index(_) => Err("an index".to_owned()),
        }
    }

    #[test]
    fn a_manifest_is_written_as_wkg_does() {
        let written = write(&ManifestFields {
            layer: &Blob {
                digest: digest(0x41),
                size: 269,
            },
            config: &Blob {
                digest: digest(1),
                size: 280,
            },
            title: "dep.wasm",
            annotations: &BTreeMap::from([(annotation("version"), "0.2.3".to_owned())]),
        });
        // As recorded from wkg 0.16.1, but for the digests.
        let recorded = r#"{"annotations":{"org.opencontainers.image.version":"0.2.3"},"config":{"digest":"C","mediaType":"application/vnd.wasm.config.v0+json","size":280},"layers":[{"annotations":{"org.opencontainers.image.title":"dep.wasm"},"digest":"L","mediaType":"application/wasm","size":269}],"mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}"#
            .replace("\"C\"", &format!("\"{}\"", digest(1)))
            .replace("\"L\"", &format!("\"{}\"", digest(0x41)));
        assert_eq!(String::from_utf8(written.clone()).unwrap(), recorded);
        let artifact = labelled(&written, "").unwrap();
        assert_eq!(
            artifact.layer,
            Blob {
                digest: digest(0x41),
                size: 269
            }
        );
        assert_eq!(artifact.title.as_deref(), Some("dep.wasm"));
        assert_eq!(
            artifact.annotations["org.opencontainers.image.version"],
            "0.2.3"
        );
    }

    #[test]
    fn a_configuration_is_written_as_wkg_does() {
        let description = Description {
            os: "wasip2",
            component: Some(Interfaces {
                exports: vec!["test:dep/types@0.2.3".into(), "test:dep/w@0.2.3".into()],
                imports: vec![],
            }),
            broken: None,
        };
        let written = config(&digest(0x41), &description, 1_795_157_868);
        let recorded = r#"{"created":"2026-11-20T06:57:48Z","author":null,"architecture":"wasm","os":"wasip2","layerDigests":["L"],"component":{"exports":["test:dep/types@0.2.3","test:dep/w@0.2.3"],"imports":[],"target":null}}"#
            .replace("\"L\"", &format!("\"{}\"", digest(0x41)));
        assert_eq!(String::from_utf8(written).unwrap(), recorded);
    }

    #[test]
    fn manifests_of_other_tools_are_read() {
        let layer =
            |media: &str| json!({ "mediaType": media, "digest": digest(2).to_string(), "size": 5 });
        let oras = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "artifactType": "application/vnd.wasm.component",
            "config": { "mediaType": "application/vnd.oci.empty.v1+json" },
            "layers": [layer("text/plain"), layer(LAYER)],
        });
        let no_media_type = json!({
            "schemaVersion": 2,
            "config": { "mediaType": CONFIG },
            "layers": [layer("application/octet-stream")],
        });
        let old = OLD_LAYERS.map(
            |media| json!({ "config": { "mediaType": "x" }, "layers": [layer(media), layer("y")] }),
        );
        for manifest in [oras, no_media_type].into_iter().chain(old) {
            let artifact = labelled(manifest.to_string().as_bytes(), MANIFEST).unwrap();
            assert_eq!((artifact.layer.size, artifact.title), (5, None));
        }
        let image = json!({ "mediaType": MANIFEST, "layers": [layer("application/gzip")] });
        let several = json!({ "mediaType": MANIFEST, "layers": [layer(LAYER), layer(LAYER)] });
        let bad =
            json!({ "mediaType": MANIFEST, "layers": [{ "mediaType": LAYER, "digest": "../x" }] });
        let empty = json!({ "mediaType": MANIFEST, "layers": [] });
        for (manifest, message) in [
            (image, "the bytes have to decide"),
            (several, "the bytes have to decide"),
            (bad, "invalid content digest"),
            (empty, "no layer"),
            (json!([]), "the type ``"),
        ] {
            let error = labelled(manifest.to_string().as_bytes(), "").unwrap_err();
            assert!(error.contains(message), "{error}");
        }
        assert!(read(b"<html>", MANIFEST).unwrap_err().contains("not JSON"));
    }

    #[test]
    fn an_index_leads_to_manifests_for_webassembly_or_to_all_but_attestations() {
        let one = |byte: u8, platform: &str, annotation: &str| {
            json!({
                "digest": digest(byte).to_string(),
                "platform": { "architecture": platform, "os": "any" },
                "annotations": { annotation: "x" },
            })
        };
        let attestation = || one(9, "unknown", "vnd.docker.reference.type");
        for (listed, expected) in [
            (
                vec![one(1, "wasm", "a"), one(2, "amd64", "a"), attestation()],
                vec![1],
            ),
            (vec![attestation(), one(3, "", "a")], vec![3]),
            (vec![one(1, "arm64", "a"), one(2, "amd64", "a")], vec![1, 2]),
            (vec![attestation()], vec![]),
            (vec![], vec![]),
        ] {
            let index = json!({
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "manifests": listed,
            });
            let found = read(index.to_string().as_bytes(), "");
            match expected.is_empty() {
                true => assert!(found.unwrap_err().contains("an index without a package")),
                false => {
                    let digests = expected.into_iter().map(digest).collect();
                    assert_eq!(found.unwrap(), ManifestOrIndex::Index(digests));
                }
            }
        }
    }

    #[test]
    fn times_are_written() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
    }
}
