//! Recovery from runs that were killed, which every command does first.

use std::path::Path;

use crate::system::cargo::workspace::Member;
use crate::system::context::Context;
use crate::system::fs;

/// Finishes or reverts the changes that killed runs began in some directories, and
/// removes their temporary files. Returns whether there was such a change.
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

/// Recovers the directories of a member that this tool writes into.
pub(crate) fn recover_member(ctx: &Context, member: &Member) {
    let dir = member.dir();
    let [wit, src] = ["wit", "src"].map(|name| dir.join(name));
    recover_directories(ctx, [dir, &wit, &wit.join("deps"), &src]);
}
