//! One run of `cargo build` or `cargo test --no-run`, and what it built.

use std::path::PathBuf;

use serde_json::Value;

use crate::base::error::{Error, Result};
use crate::system::process::{Exec, Invocation};
use crate::system::shell::Shell;

/// A target that cargo has built, from a `compiler-artifact` message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltArtifact {
    /// The identifier of its package.
    pub package_id: String,
    /// The name of the target.
    pub target: String,
    /// The kinds of the target: `bin`, `cdylib`, `example`, `test`, …
    pub kinds: Vec<String>,
    /// The crate types that were built.
    pub crate_types: Vec<String>,
    /// Whether it was built as a test or bench.
    pub test: bool,
    /// Whether its profile optimizes: `opt-level` is not 0.
    pub optimized: bool,
    /// The root source file.
    pub source: PathBuf,
    /// The files that cargo wrote.
    pub files: Vec<PathBuf>,
    /// The file that can be run, if there is one.
    pub executable: Option<PathBuf>,
}

impl BuiltArtifact {
    /// The first of its files that is WebAssembly.
    pub fn wasm(&self) -> Option<&PathBuf> {
        let is_wasm = |path: &&PathBuf| path.extension().is_some_and(|e| e == "wasm");
        self.executable
            .iter()
            .find(is_wasm)
            .or_else(|| self.files.iter().find(is_wasm))
    }

    /// Whether it is a program with a `main`.
    pub fn is_program(&self) -> bool {
        self.test
            || self.crate_types.iter().any(|t| t == "bin")
            || self
                .kinds
                .iter()
                .any(|k| matches!(k.as_str(), "test" | "bench"))
    }
}

/// The format in which cargo prints its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageFormat {
    /// For people: cargo renders diagnostics, and its messages are not passed on.
    Rendered {
        /// Whether each diagnostic has one line.
        short: bool,
    },
    /// For programs: in these formats, and the messages of cargo are passed on.
    Json(Vec<String>),
}

impl MessageFormat {
    /// The format that the values of `--message-format` request.
    pub fn from_options(formats: &[String]) -> Result<Self> {
        let json = |format: &&String| format.starts_with("json");
        if formats.iter().any(|f| json(&f)) {
            return match formats.iter().find(|f| !json(f)) {
                Some(other) => Err(Error::usage(format!(
                    "the message format `{other}` cannot be combined with `json` formats"
                ))
                .hint("use one kind of format only")),
                None => Ok(MessageFormat::Json(formats.to_vec())),
            };
        }
        match formats {
            [] => Ok(MessageFormat::Rendered { short: false }),
            [one] if one == "human" || one == "short" => Ok(MessageFormat::Rendered {
                short: one == "short",
            }),
            [one] => Err(Error::usage(format!("unknown message format `{one}`"))
                .hint("use `human`, `short`, or one of the `json` formats of cargo")),
            _ => Err(Error::usage("`--message-format` was given more than once")
                .hint("only `json` formats can be combined")),
        }
    }

    /// The argument that requests the format from cargo.
    pub fn argument(&self) -> String {
        let formats = match self {
            MessageFormat::Rendered { short: false } => "json-render-diagnostics".to_owned(),
            MessageFormat::Rendered { short: true } => {
                "json-render-diagnostics,json-diagnostic-short".to_owned()
            }
            MessageFormat::Json(formats) => formats.join(","),
        };
        format!("--message-format={formats}")
    }

    /// Whether the messages are for programs.
    pub fn is_json(&self) -> bool {
        matches!(self, MessageFormat::Json(_))
    }
}

/// What a run of cargo built, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOutcome {
    /// What it built, also if another target failed.
    pub artifacts: Vec<BuiltArtifact>,
    /// The exit code of cargo.
    pub code: i32,
    /// The line that ends its messages, which is not printed yet: some readers stop
    /// there, and there may be more messages.
    pub final_line: Option<String>,
}

/// Runs cargo, collects what it built, and prints its lines as the format has it,
/// except the final one.
pub fn run(
    exec: &dyn Exec,
    shell: &dyn Shell,
    command: &Invocation,
    messages: &MessageFormat,
) -> Result<BuildOutcome> {
    let (mut artifacts, mut final_line) = (Vec::new(), None);
    let code = exec.lines(command, &mut |line| {
        let passed = match parse_line(line) {
            // Output of another program, such as a wrapper of the compiler.
            MessageLine::NotJson => true,
            MessageLine::Artifact(artifact) => {
                artifacts.push(artifact);
                messages.is_json()
            }
            MessageLine::Finished if messages.is_json() => {
                final_line = Some(line.to_owned());
                false
            }
            MessageLine::Finished | MessageLine::Other => messages.is_json(),
        };
        if passed {
            shell.data(line.to_owned());
        }
        Ok(())
    })?;
    Ok(BuildOutcome {
        artifacts,
        code,
        final_line,
    })
}

enum MessageLine {
    Artifact(BuiltArtifact),
    Finished,
    Other,
    NotJson,
}

fn parse_line(line: &str) -> MessageLine {
    if !line.starts_with('{') {
        return MessageLine::NotJson;
    }
    // Most lines are diagnostics, which need not be parsed.
    if line.starts_with("{\"reason\":\"build-finished\"") {
        return MessageLine::Finished;
    }
    if !line.contains("\"compiler-artifact\"") {
        return MessageLine::Other;
    }
    let Ok(value) = serde_json::from_str::<Value>(line) else {
        return MessageLine::NotJson;
    };
    if value["reason"] != "compiler-artifact" {
        return MessageLine::Other;
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
    MessageLine::Artifact(BuiltArtifact {
        package_id: text(&value["package_id"]).unwrap_or_default(),
        target: text(&target["name"]).unwrap_or_default(),
        kinds: texts(&target["kind"]),
        crate_types: texts(&target["crate_types"]),
        test: value["profile"]["test"].as_bool().unwrap_or(false),
        optimized: value["profile"]["opt_level"] != "0",
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

    fn run_with(messages: &MessageFormat) -> (BuildOutcome, Vec<String>) {
        let stdout = format!("{LINE}\nplain\n{{\"reason\":\"build-finished\"}}\n").into_bytes();
        let exec = Scripted::new([Output {
            stdout,
            code: 101,
            ..Output::default()
        }]);
        let shell = Buffer::default();
        let outcome = run(&exec, &shell, &Invocation::new("cargo"), messages).unwrap();
        (outcome, shell.messages())
    }

    #[test]
    fn artifacts_are_gathered_and_lines_passed_on_to_programs_only() {
        let (outcome, printed_for_person) = run_with(&MessageFormat::Rendered { short: false });
        // What was built counts, although cargo failed.
        let BuildOutcome {
            artifacts,
            code,
            final_line,
        } = outcome;
        assert_eq!(final_line, None);
        assert_eq!(code, 101);
        assert_eq!(artifacts[0].wasm().unwrap().to_str(), Some("/t/x.wasm"));
        assert!(!artifacts[0].is_program());
        assert_eq!(printed_for_person, ["plain"]);
        let (outcome, printed_for_program) =
            run_with(&MessageFormat::Json(vec!["json".to_owned()]));
        assert_eq!(printed_for_program.len(), 2);
        assert!(outcome.final_line.unwrap().contains("build-finished"));
        assert_eq!(printed_for_program[0], LINE);
    }

    #[test]
    fn formats_are_combined_as_cargo_has_it() {
        let argument = |formats: &[&str]| {
            let formats: Vec<_> = formats.iter().map(|f| (*f).to_owned()).collect();
            MessageFormat::from_options(&formats).map(|m| m.argument())
        };
        assert_eq!(
            argument(&[]).unwrap(),
            "--message-format=json-render-diagnostics"
        );
        let both = argument(&["json", "json-diagnostic-short"]).unwrap();
        assert_eq!(both, "--message-format=json,json-diagnostic-short");
        assert!(argument(&["json", "human"]).is_err());
        assert!(argument(&["xml"]).is_err());
    }
}
