//! One run of `cargo build` or `cargo test --no-run`, and what it made.

use std::path::PathBuf;

use serde_json::Value;

use crate::base::error::{Error, Result};
use crate::system::process::{Exec, Invocation};
use crate::system::shell::Shell;

/// Something cargo has built, from a `compiler-artifact` message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The identifier of its package.
    pub package_id: String,
    /// The name of the target.
    pub target: String,
    /// The kinds of the target: `bin`, `cdylib`, `example`, `test`, …
    pub kinds: Vec<String>,
    /// The crate types built.
    pub crate_types: Vec<String>,
    /// Whether it was built as a test or bench.
    pub test: bool,
    /// The root source file.
    pub source: PathBuf,
    /// The files.
    pub files: Vec<PathBuf>,
    /// The one that can be run.
    pub executable: Option<PathBuf>,
}

impl Artifact {
    /// Its wasm file.
    pub fn wasm(&self) -> Option<&PathBuf> {
        let is_wasm = |path: &&PathBuf| path.extension().is_some_and(|e| e == "wasm");
        self.executable
            .iter()
            .find(is_wasm)
            .or_else(|| self.files.iter().find(is_wasm))
    }

    /// Whether it is a program: something with a `main`.
    pub fn is_program(&self) -> bool {
        self.test
            || self.crate_types.iter().any(|t| t == "bin")
            || self
                .kinds
                .iter()
                .any(|k| matches!(k.as_str(), "test" | "bench"))
    }
}

/// How the messages of cargo are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Messages {
    /// A person reads: cargo renders, its messages are ours alone.
    Rendered {
        /// One line a message.
        short: bool,
    },
    /// A program reads: these formats, and cargo's lines are passed on.
    Json(Vec<String>),
}

impl Messages {
    /// What the user's `--message-format` asks for.
    pub fn asked(formats: &[String]) -> Result<Self> {
        let json = |format: &&String| format.starts_with("json");
        if formats.iter().any(|f| json(&f)) {
            return match formats.iter().find(|f| !json(f)) {
                Some(other) => Err(Error::usage(format!(
                    "the message format `{other}` cannot be combined with `json` formats"
                ))
                .hint("use one kind of format only")),
                None => Ok(Messages::Json(formats.to_vec())),
            };
        }
        match formats {
            [] => Ok(Messages::Rendered { short: false }),
            [one] if one == "human" || one == "short" => Ok(Messages::Rendered {
                short: one == "short",
            }),
            [one] => Err(Error::usage(format!("unknown message format `{one}`"))
                .hint("use `human`, `short`, or one of the `json` formats of cargo")),
            _ => Err(Error::usage("`--message-format` was given more than once")
                .hint("only `json` formats can be combined")),
        }
    }

    /// The argument for cargo.
    pub fn argument(&self) -> String {
        let formats = match self {
            Messages::Rendered { short: false } => "json-render-diagnostics".to_owned(),
            Messages::Rendered { short: true } => {
                "json-render-diagnostics,json-diagnostic-short".to_owned()
            }
            Messages::Json(formats) => formats.join(","),
        };
        format!("--message-format={formats}")
    }

    /// Whether a program reads.
    pub fn is_json(&self) -> bool {
        matches!(self, Messages::Json(_))
    }
}

/// What a run of cargo came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it made, also if it failed over something else.
    pub artifacts: Vec<Artifact>,
    /// Its exit code.
    pub code: i32,
    /// The line that ends its messages, held back: some readers stop there,
    /// and there may be more to say.
    pub last: Option<String>,
}

/// Runs cargo, hands its lines on as asked but for the last one, and gathers
/// what it made.
pub fn run(
    exec: &dyn Exec,
    shell: &dyn Shell,
    command: &Invocation,
    messages: &Messages,
) -> Result<Outcome> {
    let (mut artifacts, mut last) = (Vec::new(), None);
    let code = exec.lines(command, &mut |line| {
        let passed = match artifact(line) {
            // Standard output of something else, such as a wrapper.
            Line::NotJson => true,
            Line::Artifact(artifact) => {
                artifacts.push(artifact);
                messages.is_json()
            }
            Line::Last if messages.is_json() => {
                last = Some(line.to_owned());
                false
            }
            Line::Last | Line::Other => messages.is_json(),
        };
        if passed {
            shell.data(line.to_owned());
        }
        Ok(())
    })?;
    Ok(Outcome {
        artifacts,
        code,
        last,
    })
}

enum Line {
    Artifact(Artifact),
    Last,
    Other,
    NotJson,
}

fn artifact(line: &str) -> Line {
    if !line.starts_with('{') {
        return Line::NotJson;
    }
    // Most lines are diagnostics; only those that matter are parsed.
    if line.starts_with("{\"reason\":\"build-finished\"") {
        return Line::Last;
    }
    if !line.contains("\"compiler-artifact\"") {
        return Line::Other;
    }
    let Ok(value) = serde_json::from_str::<Value>(line) else {
        return Line::NotJson;
    };
    if value["reason"] != "compiler-artifact" {
        return Line::Other;
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(text)
            .collect()
    };
    let target = &value["target"];
    Line::Artifact(Artifact {
        package_id: text(&value["package_id"]).unwrap_or_default(),
        target: text(&target["name"]).unwrap_or_default(),
        kinds: texts(&target["kind"]),
        crate_types: texts(&target["crate_types"]),
        test: value["profile"]["test"].as_bool().unwrap_or(false),
        source: text(&target["src_path"]).unwrap_or_default().into(),
        files: texts(&value["filenames"])
            .into_iter()
            .map(PathBuf::from)
            .collect(),
        executable: text(&value["executable"]).map(PathBuf::from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::{Output, Scripted};
    use crate::system::shell::Buffer;

    const LINE: &str = r#"{"reason":"compiler-artifact","package_id":"p","target":{"name":"x","kind":["cdylib"],"crate_types":["cdylib"],"src_path":"/s/lib.rs"},"profile":{"test":false},"filenames":["/t/x.wasm"],"executable":null,"fresh":true}"#;

    fn said(messages: &Messages) -> (Outcome, Vec<String>) {
        let stdout = format!("{LINE}\nplain\n{{\"reason\":\"build-finished\"}}\n").into_bytes();
        let exec = Scripted::new([Output {
            stdout,
            code: 101,
            ..Output::default()
        }]);
        let shell = Buffer::default();
        let outcome = run(&exec, &shell, &Invocation::new("cargo"), messages).unwrap();
        (outcome, shell.said())
    }

    #[test]
    fn artifacts_are_gathered_and_lines_passed_on_to_programs_only() {
        let (outcome, said_to_person) = said(&Messages::Rendered { short: false });
        // What was made counts, although cargo failed over something else.
        let Outcome {
            artifacts,
            code,
            last,
        } = outcome;
        assert_eq!(last, None);
        assert_eq!(code, 101);
        assert_eq!(artifacts[0].wasm().unwrap().to_str(), Some("/t/x.wasm"));
        assert!(!artifacts[0].is_program());
        assert_eq!(said_to_person, ["plain"]);
        let (outcome, said_to_program) = said(&Messages::Json(vec!["json".to_owned()]));
        assert_eq!(said_to_program.len(), 2);
        assert!(outcome.last.unwrap().contains("build-finished"));
        assert_eq!(said_to_program[0], LINE);
    }

    #[test]
    fn formats_are_combined_as_cargo_has_it() {
        let asked = |formats: &[&str]| {
            let formats: Vec<_> = formats.iter().map(|f| (*f).to_owned()).collect();
            Messages::asked(&formats).map(|m| m.argument())
        };
        assert_eq!(
            asked(&[]).unwrap(),
            "--message-format=json-render-diagnostics"
        );
        let both = asked(&["json", "json-diagnostic-short"]).unwrap();
        assert_eq!(both, "--message-format=json,json-diagnostic-short");
        assert!(asked(&["json", "human"]).is_err());
        assert!(asked(&["xml"]).is_err());
    }
}
