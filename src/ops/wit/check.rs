//! `cargo component wit check`: everything that is wrong with WIT packages, at
//! once, with nothing written.

use super::discover::find;
use super::project::{WitMember, WitOptions};
use super::resolver::WitResolver;
use crate::base::error::{Error, Result};
use crate::model::wit::write::encode;
use crate::model::wit::{Entry, syntax_errors};
use crate::pipeline::fetch::packages::must_not_change;
use crate::system::context::Context;
use crate::system::shell::report;
use crate::system::source;

/// Parses and resolves the selected packages. All syntax errors of all files are
/// reported; where there are none, the resolve error of each package. Only the
/// cache is written.
pub fn check(ctx: &Context, options: &WitOptions) -> Result<()> {
    let project = find(ctx, options)?;
    let mut errors = Vec::new();
    for member in &project.members {
        errors.extend(syntax(member)?);
    }
    if errors.is_empty() {
        let mut resolver = WitResolver::refusing_drift(ctx, &project)?;
        for member in &project.members {
            // A package that cannot be encoded is an error, too.
            let resolved = resolver.resolve(member, &|_| false);
            let resolved = resolved.and_then(|found| encode(&found.package).map(|_| found));
            match resolved {
                Ok(resolved) => {
                    let name = resolved.package.name();
                    let worlds = resolved.package.resolve.packages[resolved.package.id]
                        .worlds
                        .len();
                    let worlds = match worlds {
                        1 => "1 world".to_owned(),
                        many => format!("{many} worlds"),
                    };
                    ctx.shell.status("Checked", format!("`{name}`, {worlds}"));
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() && project.mode.is_locked() && resolver.changed_lock().is_some() {
            errors.push(must_not_change(&project.lock_file));
        }
    }
    let Some(last) = errors.pop() else {
        return Ok(());
    };
    for error in errors {
        report(&*ctx.shell, &error.relative_to(&ctx.cwd));
    }
    Err(last)
}

/// The syntax errors of a package and of its `deps`.
fn syntax(member: &WitMember) -> Result<Vec<Error>> {
    let sources = source::read(&member.wit)?;
    let mut errors = Vec::new();
    for entry in std::iter::once(&sources.main).chain(&sources.deps) {
        if let Entry::Text { files, .. } = entry {
            errors.extend(syntax_errors(files));
        }
    }
    Ok(errors)
}
