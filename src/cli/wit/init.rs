use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::base::error::{Error, Result};
use crate::ops::wit::init::{InitOptions, ManifestFormat, init};
use crate::system::context::Context;

/// Make a package of WIT
///
/// Nothing that is there already is overwritten.
#[derive(Args, Debug)]
pub(super) struct Init {
    /// The directory of the package
    #[arg(default_value = ".")]
    path: PathBuf,

    /// Whose project it is to be
    #[arg(long, value_name = "FORM", default_value = "wkg")]
    form: Form,

    /// The namespace of the package, if not `component`
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// The name of the package, if not the directory's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The address of the registry that `wit.toml` names
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
}

/// Whose project a package is.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// `wkg.toml`, and a world in `wit`
    Wkg,
    /// `wit.toml` of the `wit` CLI
    Wit,
}

impl Init {
    pub(super) fn run(self, ctx: &Context) -> Result<()> {
        let said = [("--namespace", &self.namespace), ("--name", &self.name)];
        if let (Form::Wit, Some((option, _))) =
            (self.form, said.iter().find(|(_, value)| value.is_some()))
        {
            return Err(Error::usage(format!(
                "`{option}` is for `--form wkg`: with `--form wit` no WIT is made that names a package"
            ))
            .hint(format!("leave out `{option}`")));
        }
        let options = InitOptions {
            path: self.path,
            format: match self.form {
                Form::Wkg => ManifestFormat::Wkg,
                Form::Wit => ManifestFormat::Wit,
            },
            namespace: self.namespace.unwrap_or_else(|| "component".to_owned()),
            name: self.name,
            registry: self.registry,
        };
        init(ctx, &options)
    }
}
