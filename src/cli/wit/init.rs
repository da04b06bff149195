use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::advice::Result;
use crate::context::Context;
use crate::ops::wit::init::{self, InitOptions, init};

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

    /// The namespace of the package
    #[arg(long, value_name = "NAMESPACE", default_value = "component")]
    namespace: String,

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
        let options = InitOptions {
            path: self.path,
            form: match self.form {
                Form::Wkg => init::Form::Wkg,
                Form::Wit => init::Form::Wit,
            },
            namespace: self.namespace,
            name: self.name,
            registry: self.registry,
        };
        init(ctx, &options)
    }
}
