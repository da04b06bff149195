//! The components that a build has made and hands over to the build scripts of hosts, which
//! would build them again.
//!
//! A build script embeds a copy of the component, so that it makes no difference which run
//! made it, and cargo does not run the script again for that.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::component_choice::artifact_of;
use super::componentize::ComponentArtifact;
use super::linked::linked;
use super::prepare::Prepared;
use super::sources::sources_of;
use crate::base::error::{Error, Result};
use crate::model::manifest::DependencySource;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::context::Context;
use crate::system::env;
use crate::system::fs;
use crate::system::process::Invocation;

/// A component that was built for a host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ComponentForHost {
    /// The file of the component.
    pub file: PathBuf,
    /// The files that it was made from.
    pub sources: BTreeSet<PathBuf>,
}

impl ComponentForHost {
    /// A component that a build has made: as it is, or linked with its dependencies.
    pub fn of(
        ctx: &Context,
        prepared: &Prepared,
        artifact: &ComponentArtifact,
        compose: bool,
    ) -> Result<Self> {
        Ok(ComponentForHost {
            file: match compose {
                true => linked(ctx, prepared, artifact)?,
                false => artifact.path.clone(),
            },
            sources: sources_of(ctx, prepared, artifact),
        })
    }
}

/// The components that are handed over, in the form of a variable: JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct HandedOver {
    /// The profile that they were built with.
    profile: String,
    components: Vec<HandedComponent>,
}

/// One of the components that are handed over.
#[derive(Debug, Serialize, Deserialize)]
struct HandedComponent {
    /// The canonical path of the crate.
    dir: PathBuf,
    /// Whether it is linked with its dependencies.
    compose: bool,
    component: ComponentForHost,
}

impl HandedOver {
    /// What the build that started this process hands over for a profile.
    pub fn to_this_process(ctx: &Context, profile: &str) -> Self {
        let text = ctx.env.text(env::CARGO_COMPONENT_BUILT).unwrap_or_default();
        // Another version of the tool may write something else.
        let all: HandedOver = serde_json::from_str(text).unwrap_or_default();
        match all.profile == profile {
            true => all,
            false => HandedOver::default(),
        }
    }

    /// The component of the crate in a directory, whose path is canonical.
    pub fn find(&self, dir: &Path, compose: bool) -> Option<&ComponentForHost> {
        let mut components = self.components.iter();
        let found = components.find(|one| one.dir == dir && one.compose == compose);
        found.map(|one| &one.component)
    }
}

/// Hands components that were built over to the build scripts that a run of cargo for the
/// host starts.
pub(crate) fn hand_over(
    ctx: &Context,
    args: &CargoArgs,
    prepared: &Prepared,
    artifacts: &[ComponentArtifact],
    command: Invocation,
) -> Result<Invocation> {
    if !is_as_a_host_asks(args) {
        return Ok(command);
    }
    let mut components: Vec<HandedComponent> = Vec::new();
    for index in &prepared.selected {
        let member = &prepared.workspace().members[*index];
        let manifest = prepared.project.manifest(ctx, member)?;
        for embedded in manifest.artifacts.values() {
            let DependencySource::Path { path, .. } = &embedded.dependency.source else {
                continue;
            };
            // What is wrong with it, or not built here, its build script finds out.
            let Ok(dir) = fs::canonical(path) else {
                continue;
            };
            let Ok(artifact) = artifact_of(ctx, prepared, artifacts, &dir) else {
                continue;
            };
            let compose = embedded.compose;
            components.push(HandedComponent {
                component: ComponentForHost::of(ctx, prepared, artifact, compose)?,
                dir,
                compose,
            });
        }
    }
    if components.is_empty() {
        return Ok(command);
    }
    let all = HandedOver {
        profile: args.profile_of_dependencies().to_owned(),
        components,
    };
    let text = serde_json::to_string(&all).map_err(|e| {
        Error::input("failed to describe the components that were built").with_cause(e)
    })?;
    Ok(command.env(env::CARGO_COMPONENT_BUILT.name, text))
}

/// Whether a command line builds components as the build script of a host does: for the
/// target and with the features that it would choose.
fn is_as_a_host_asks(args: &CargoArgs) -> bool {
    let is_feature = |arg: &str| {
        let options = [
            "--features",
            "--all-features",
            "--no-default-features",
            "-F",
        ];
        options.iter().any(|option| arg.starts_with(option))
    };
    let cargo_args = args.cargo_args();
    args.targets.is_empty()
        && args.config.is_empty()
        && args.own.with.is_empty()
        && !cargo_args
            .iter()
            .any(|arg| is_feature(&arg.to_string_lossy()))
}
