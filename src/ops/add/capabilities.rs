//! What a component that is added may do, before its entry is written.

use std::rc::Rc;

use crate::base::error::{Error, Result};
use crate::base::package::PackageRef;
use crate::model::capabilities::{
    CapabilityPattern, CapabilityPolicy, CapabilityRefusal, CapabilityRules, HostImports,
};
use crate::model::component::capabilities::host_imports;
use crate::model::component::names::with_current_names;
use crate::model::manifest::Manifest;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::capabilities::refused;
use crate::pipeline::project::manifests::Project;
use crate::system::context::Context;

/// A component that is to be added.
pub(super) struct NewComponent<'n> {
    /// The name that messages use for it, with its version if it has one.
    pub name: &'n str,
    /// The package of a release.
    pub package: Option<&'n PackageRef>,
    /// The bytes of the component.
    pub bytes: &'n [u8],
    /// What its entry is to allow; everything if none.
    pub allow: Option<&'n [CapabilityPattern]>,
}

impl NewComponent<'_> {
    /// What the component itself imports from outside.
    ///
    /// # Errors
    ///
    /// If the rules refuse it, or a locked release of its package does not import it.
    pub fn imports(
        &self,
        ctx: &Context,
        project: &Rc<Project>,
        manifest: &Manifest,
    ) -> Result<HostImports> {
        let imports = host_imports(&with_current_names(self.bytes)?)?;
        let entry = CapabilityRules {
            allow: self.allow.map(<[_]>::to_vec),
            ..CapabilityRules::default()
        };
        let policy = CapabilityPolicy {
            workspace: &manifest.capabilities,
            entry: &entry,
        };
        if let Some((refusal, named)) = policy.violations(&imports).into_iter().next() {
            let error = refused(self.name, &policy, &refusal, &named);
            let allow = policy.entry.allow.iter().flatten();
            let mut words: Vec<String> = allow.map(ToString::to_string).collect();
            words.extend(named.words());
            return Err(match refusal {
                CapabilityRefusal::NotAllowed => error.hint(allowing(&words)),
                _ => error,
            });
        }
        if !policy.lists_allowed() {
            self.refuse_new(ctx, project, &imports)?;
        }
        Ok(imports)
    }

    /// Fails if a locked release of the package does not import all of these.
    fn refuse_new(
        &self,
        ctx: &Context,
        project: &Rc<Project>,
        imports: &HostImports,
    ) -> Result<()> {
        let Some(package) = self.package else {
            return Ok(());
        };
        let worlds = WorldResolver::new(ctx, project)?;
        let Some(before) = worlds.lock().imports_of(package) else {
            return Ok(());
        };
        let new = imports.without(&before);
        if new.is_empty() {
            return Ok(());
        }
        let text = format!("{} newly imports {}", self.name, new.packages().join(", "));
        Err(Error::input(text)
            .with_cause("the release that is locked does not import it")
            .hint(allowing(&imports.words())))
    }
}

fn allowing(words: &[String]) -> String {
    format!("if it may do that, add `--allow {}`", words.join(","))
}
