use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::base::error::{Error, Result};
use crate::ops::wit::init::{InitOptions, ManifestFormat, init};
use crate::system::context::Context;

/// Create a WIT package
///
/// Existing files are not overwritten.
#[derive(Args, Debug)]
pub(super) struct Init {
    /// Directory of the package
    #[arg(default_value = ".")]
    path: PathBuf,

    /// Kind of project to create
    #[arg(long, value_name = "FORM", default_value = "wkg")]
    form: ProjectForm,

    /// Namespace of the package [default: component]
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// Name of the package [default: the directory name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Registry address to write to `wit.toml`
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
}

/// The values of `--form`: the tool whose project layout is created.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProjectForm {
    /// `wkg.toml`, with a world in `wit`
    Wkg,
    /// `wit.toml`, for the `wit` CLI
    Wit,
}

impl Init {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let given = [("--namespace", &self.namespace), ("--name", &self.name)];
        if let (ProjectForm::Wit, Some((option, _))) =
            (self.form, given.iter().find(|(_, value)| value.is_some()))
        {
            return Err(Error::usage(format!(
                "`{option}` needs `--form wkg`, since `--form wit` creates no WIT file that names a package"
            ))
            .hint(format!("omit `{option}`")));
        }
        let options = InitOptions {
            path: self.path,
            format: match self.form {
                ProjectForm::Wkg => ManifestFormat::Wkg,
                ProjectForm::Wit => ManifestFormat::Wit,
            },
            namespace: self.namespace.unwrap_or_else(|| "component".to_owned()),
            name: self.name,
            registry: self.registry,
        };
        init(ctx, &options)
    }
}
