//! What `cargo component registry info` does.

use super::facts::Facts;
use super::facts_format::FactsFormat;
use crate::base::error::Result;
use crate::pipeline::fetch::access::{AccessOptions, Subject};
use crate::system::context::Context;

/// Prints the location and the content of a release or artifact.
pub fn info(
    ctx: &Context,
    subject: &Subject,
    options: &AccessOptions,
    format: FactsFormat,
) -> Result<()> {
    let facts = Facts::fetch(ctx, subject, options)?;
    match format {
        FactsFormat::Text => facts
            .lines()
            .into_iter()
            .for_each(|line| ctx.shell.data(line)),
        FactsFormat::Json => ctx.shell.data(format!("{:#}", facts.json())),
    }
    Ok(())
}
