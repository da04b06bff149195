//! Where the profile of a run is written, and in which format.

use std::path::PathBuf;

use crate::base::error::{Error, Result};

/// The format of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileFormat {
    /// JSON in the format of the Firefox Profiler.
    Firefox,
    /// A flame graph in SVG.
    FlameGraph,
}

/// A file that a profile is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileOutput {
    /// The path of the file.
    pub path: PathBuf,
    /// The format, by the extension of the file.
    pub format: ProfileFormat,
}

impl ProfileOutput {
    /// The output to a file, whose extension says the format.
    ///
    /// # Errors
    ///
    /// If the extension is neither `json` nor `svg`.
    pub fn new(path: PathBuf) -> Result<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let format = match extension {
            Some("json") => ProfileFormat::Firefox,
            Some("svg") => ProfileFormat::FlameGraph,
            _ => {
                let shown = path.display();
                let text = format!("the format of the profile `{shown}` is not known");
                return Err(Error::usage(text).hint(
                    "end its name in `.json` for the Firefox Profiler, or in `.svg` for a flame graph",
                ));
            }
        };
        Ok(ProfileOutput { path, format })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_says_the_format() {
        let format = |path: &str| ProfileOutput::new(path.into()).map(|output| output.format);
        assert_eq!(format("a/b.json").unwrap(), ProfileFormat::Firefox);
        assert_eq!(format("b.svg").unwrap(), ProfileFormat::FlameGraph);
        for wrong in ["b", "b.txt", "svg"] {
            let error = format(wrong).unwrap_err();
            assert!(error.advice().unwrap().contains("`.svg`"), "{error}");
        }
    }
}
