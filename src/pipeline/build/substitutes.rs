//! What components are linked with in the place of their dependencies: resolved before
//! cargo runs.

use std::collections::BTreeMap;

use super::prepare::Prepared;
use super::recipe::Recipe;
use crate::base::error::Result;
use crate::pipeline::fetch::worlds::WorldResolver;
use crate::pipeline::link::overridden::{AllBuilt, Expected, OverriddenParts};
use crate::system::context::Context;

impl Prepared {
    /// Resolves the overrides of the command line, and the dev-dependencies of tests, with
    /// everything that they need, and writes what was chosen into the lock file. It is done
    /// after [`Prepared::write`], whose lock file it adds to, and before cargo runs.
    pub fn resolve_overrides(&mut self, ctx: &Context) -> Result<()> {
        let none = Recipe::default();
        let members = self.workspace().with_path_dependencies(&self.selected);
        let members = members.into_iter().map(|index| {
            let recipe = self.recipe(index).unwrap_or(&none);
            let is_tested = self.for_tests && self.selected.contains(&index);
            (index, recipe, is_tested && recipe.dev_dirs.is_some())
        });
        let affected: Vec<_> = members
            .filter(|(_, _, has_dev)| *has_dev || self.overrides.is_some())
            .collect();
        if affected.is_empty() {
            return Ok(());
        }
        let mut worlds = WorldResolver::new(ctx, &self.project)?;
        let mut overridden = BTreeMap::new();
        for (index, recipe, has_dev) in affected {
            let member = &self.workspace().members[index];
            let expected = Expected {
                name: &member.name,
                parts: &recipe.parts,
                links: &recipe.links,
                imports: &recipe.attributes.imports,
                entries: has_dev.then_some(&recipe.entries),
            };
            let manifest = self.project.manifest(ctx, member)?;
            let overrides = self.overrides.clone().unwrap_or_default();
            let built = AllBuilt {
                own: &self.built,
                linkable: &self.linkable,
            };
            let parts =
                OverriddenParts::resolve(&mut worlds, &manifest, built, &expected, overrides)?;
            overridden.insert(index, parts);
        }
        self.overridden = overridden;
        match worlds.finish()? {
            Some(lock) => lock.write(ctx),
            None => Ok(()),
        }
    }
}
