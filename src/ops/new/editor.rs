//! The configuration of an editor, so that it checks with the bindings brought
//! up to date.

use std::path::Path;

use super::options::Editor;
use crate::base::error::Result;
use crate::system::context::Context;
use crate::system::fs;

/// Writes the configuration into the directory of a crate; an existing one
/// stays.
pub(super) fn write(ctx: &Context, dir: &Path, editor: Editor) -> Result<()> {
    let (file, text) = match editor {
        Editor::None => return Ok(()),
        Editor::VsCode => (".vscode/settings.json", VSCODE),
        Editor::Emacs => (".dir-locals.el", EMACS),
    };
    let path = dir.join(file);
    if fs::read_text_if_exists(&path)?.is_some_and(|existing| existing == text) {
        return Ok(());
    }
    if fs::exists(&path) {
        let text = format!("`{file}` already exists and was not changed");
        ctx.shell.warn(text);
        return Ok(());
    }
    fs::write_atomic(&path, text.as_bytes())
}

const VSCODE: &str = r#"{
    "rust-analyzer.check.overrideCommand": [
        "cargo",
        "component",
        "check",
        "--workspace",
        "--all-targets",
        "--message-format=json"
    ]
}
"#;

const EMACS: &str = r#"((rust-mode
  . ((eglot-workspace-configuration
      . (:rust-analyzer
         (:check
          (:overrideCommand
           ["cargo" "component" "check" "--workspace" "--all-targets"
            "--message-format=json"])))))))
"#;
