//! The other packages of a workspace of `wkg`.

use wit_parser::PackageName;

use super::project::{ProjectKind, WitMember};
use super::resolver::WitResolver;
use crate::base::error::Result;
use crate::model::wit::{Request, declared_packages, overridable_packages};

impl WitResolver<'_> {
    /// Adds the other packages of the project to a request, as far as it needs
    /// them.
    pub fn siblings(&self, request: &mut Request<'_>, member: &WitMember) -> Result<()> {
        let ProjectKind::Wkg(manifest) = &self.project.kind else {
            return Ok(());
        };
        if manifest.workspace.is_none() {
            return Ok(());
        }
        let mut others = Vec::new();
        for other in self.project.all.iter().filter(|o| o.wit != member.wit) {
            let sources = self.read(&other.wit)?;
            let names = declared_packages(std::slice::from_ref(&sources.main));
            others.extend(names.into_iter().next().map(|name| (name, sources)));
        }
        loop {
            let wanted = overridable_packages(request)?;
            let is = |name: &PackageName, wanted: &PackageName| {
                let same = name.namespace == wanted.namespace && name.name == wanted.name;
                same && (wanted.version.is_none() || wanted.version == name.version)
            };
            let Some(at) = others
                .iter()
                .position(|(name, _)| wanted.iter().any(|wanted| is(name, wanted)))
            else {
                return Ok(());
            };
            request.overrides.push(others.remove(at).1);
        }
    }
}
