//! What every verb does first about runs that were killed.

use std::path::Path;

use crate::system::cargo::workspace::Member;
use crate::system::context::Context;
use crate::system::fs;

/// Finishes, or takes back, what killed runs had begun in some directories, and
/// removes what else they left there; whether there was something to finish.
pub(crate) fn recover_directories<'d>(
    ctx: &Context,
    dirs: impl IntoIterator<Item = &'d Path>,
) -> bool {
    let mut any = false;
    for settled in dirs.into_iter().flat_map(fs::recover) {
        let text = settled.text(|path| ctx.display(path).to_string());
        ctx.shell.status(settled.verb(), text);
        any = true;
    }
    any
}

/// The same for the directories of a member in which this tool writes.
pub(crate) fn recover_member(ctx: &Context, member: &Member) {
    let dir = member.dir();
    let [wit, src] = ["wit", "src"].map(|name| dir.join(name));
    recover_directories(ctx, [dir, &wit, &wit.join("deps"), &src]);
}
