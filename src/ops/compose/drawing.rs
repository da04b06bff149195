//! The drawing of what was linked: `--graph`.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::model::component::compose::graph::{Graph, dot, mermaid, svg};
use crate::system::context::Context;
use crate::system::fs;

/// A language of graph drawings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Dot,
    Mermaid,
    Svg,
}

/// A drawing of the graph, as `--graph` requests it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Drawing {
    language: Language,
    /// The file; `None` for standard output.
    pub file: Option<PathBuf>,
}

impl Drawing {
    /// Reads the value of `--graph`.
    pub fn parse(text: &str) -> Result<Self> {
        let path = Path::new(text);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let (language, file) = match (text, extension) {
            ("dot", _) => (Language::Dot, None),
            ("mermaid", _) => (Language::Mermaid, None),
            (_, Some("dot" | "gv")) => (Language::Dot, Some(path.to_owned())),
            (_, Some("mmd" | "mermaid")) => (Language::Mermaid, Some(path.to_owned())),
            (_, Some("svg")) => (Language::Svg, Some(path.to_owned())),
            _ => {
                return Err(Error::usage(format!(
                    "`--graph {text}` has no known format"
                ))
                .hint(
                    "use a file that ends in `.svg`, `.dot` or `.mmd`, or `dot` or `mermaid` for standard output",
                ));
            }
        };
        Ok(Drawing { language, file })
    }

    /// Draws the graph to its file or to standard output.
    pub fn write(&self, ctx: &Context, graph: &Graph) -> Result<()> {
        let text = match self.language {
            Language::Dot => dot(graph),
            Language::Mermaid => mermaid(graph),
            Language::Svg => svg(graph),
        };
        match &self.file {
            None => ctx.shell.write_data(text.as_bytes()),
            Some(file) => fs::write_atomic(&ctx.absolute(file), text.as_bytes()),
        }
    }
}
