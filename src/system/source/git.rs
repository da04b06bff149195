//! Git repositories, by the user's `git`: one commit is fetched, and files are
//! read from it as they are stored. Nothing of a repository is run, checked
//! out or configured by it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::extraction::{Destination, EntryKind, Extraction, MOST_BYTES, Tree, too_much};
use crate::base::error::{Error, Result};
use crate::base::retry::RetryPolicy;
use crate::model::lockfile::tree::WitFile;
use crate::model::manifest::deps::{Commit, Within};
use crate::system::fs;
use crate::system::process::{Exec, Invocation, Output};

/// Settings by which git runs nothing that anybody but the user chose, and
/// does nothing beside what it is asked for.
const SETTINGS: &[&str] = &[
    "protocol.ext.allow=never",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.fsmonitor=false",
];

/// The address for messages: without a login, and without a query, which may
/// be one.
pub fn display_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let rest = &rest[host.rfind('@').map_or(0, |at| at + 1)..];
    match rest.split_once('?') {
        Some((address, _)) => format!("{scheme}://{address}?…"),
        None => format!("{scheme}://{rest}"),
    }
}

/// Whether a repository is on this machine: git needs no network for it.
pub fn is_local(url: &str) -> bool {
    url.starts_with("file://") || !is_remote(url)
}

/// Whether git takes a text for an address rather than for a directory:
/// `host:path` is a host, unless it is a drive.
fn is_remote(url: &str) -> bool {
    let colon = url.find(':').filter(|at| *at > 1);
    let is_host = colon.is_some_and(|at| !url[..at].contains('/'));
    url.contains("://") || is_host
}

/// The commit of a repository that is read.
#[derive(Clone, Debug)]
pub struct CommitRequest<'a> {
    /// The address or directory of the repository. It may hold a password.
    pub url: &'a str,
    /// The directory that a relative path starts from.
    pub dir: &'a Path,
    /// The commit to read.
    pub commit: &'a Commit,
    /// The directories of the commit that may have WIT.
    pub within: &'a Within,
}

/// How git is run.
pub struct Git<'a> {
    /// The door through which git is started.
    pub exec: &'a dyn Exec,
    /// Whether git may ask the user for a password.
    pub interactive: bool,
    /// How long a server may send nothing.
    pub patience: RetryPolicy,
}

impl Git<'_> {
    /// The WIT of a commit, and the commit's name. `scratch` is a directory
    /// that the caller removes.
    pub fn read(
        &self,
        request: &CommitRequest<'_>,
        pinned: &BTreeSet<String>,
        scratch: &Path,
    ) -> Result<(Tree, String)> {
        let repository = Repository {
            git: self,
            dir: scratch,
            url: request.url,
        };
        repository.read(request, pinned).map_err(|e| {
            let display_url = display_url(request.url);
            e.context(format!(
                "failed to read WIT from the repository `{display_url}`"
            ))
        })
    }
}

/// A repository of our own for one fetch.
struct Repository<'a> {
    git: &'a Git<'a>,
    dir: &'a Path,
    url: &'a str,
}

impl Repository<'_> {
    fn read(
        &self,
        request: &CommitRequest<'_>,
        pinned: &BTreeSet<String>,
    ) -> Result<(Tree, String)> {
        // Without a template there are no hooks.
        self.run(
            &["init", "--quiet", "--bare", "--template="],
            Some(self.dir.into()),
        )?;
        let reference = match request.commit {
            Commit::Head => "HEAD".to_owned(),
            Commit::Rev(rev) => rev.clone(),
            Commit::Tag(tag) => format!("refs/tags/{tag}"),
            Commit::Branch(branch) => format!("refs/heads/{branch}"),
        };
        let fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", "--"];
        let mut args: Vec<OsString> = fetch.iter().map(OsString::from).collect();
        args.extend([remote(request), OsString::from(&reference)]);
        self.command(args, Vec::new()).map_err(|e| {
            e.hint(format!(
                "check that `git ls-remote {} {reference}` finds it",
                display_url(request.url)
            ))
        })?;
        let commit = self.run(&["rev-parse", "--verify", "FETCH_HEAD^{commit}"], None)?;
        let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
        let mut extraction = Extraction::new(request.within, pinned);
        let files = self.walk(&commit, &mut extraction)?;
        let objects: Vec<&str> = files.iter().map(|file| file.object.as_str()).collect();
        let mut remaining_bytes = extraction.remaining_bytes();
        let contents = self.contents(&objects, &mut remaining_bytes, || too_much("it"))?;
        for (file, bytes) in files.into_iter().zip(contents) {
            let executable = file.executable;
            extraction.insert(file.destination, WitFile { executable, bytes })?;
        }
        Ok((extraction.finish("the commit")?, commit))
    }

    /// The files that are extracted from a commit: its directories are read level by
    /// level, and only those that lead to WIT. A few of them may stand for more
    /// paths than anybody can list.
    fn walk(&self, commit: &str, extraction: &mut Extraction<'_>) -> Result<Vec<CommitFile>> {
        let mut files = Vec::new();
        let mut level = vec![(Vec::new(), format!("{commit}^{{tree}}"))];
        let mut remaining_bytes = MOST_BYTES;
        while !level.is_empty() {
            let trees: Vec<&str> = level.iter().map(|(_, tree)| tree.as_str()).collect();
            let too_wide = || {
                let most = MOST_BYTES >> 20;
                Error::input(format!("its directories have more than {most} MiB"))
                    .hint("select a directory of the repository with `prefix`")
            };
            let contents = self.contents(&trees, &mut remaining_bytes, too_wide)?;
            let mut below = Vec::new();
            for ((dir, _), tree) in level.iter().zip(&contents) {
                for entry in entries(tree, commit.len() / 2) {
                    let TreeEntry { mode, name, object } = entry?;
                    let path = match dir.is_empty() {
                        true => name.to_vec(),
                        false => [dir, &b"/"[..], name].concat(),
                    };
                    if mode == b"40000" {
                        if extraction.may_contain(&path) {
                            below.push((path, object));
                        }
                    } else if let Some(destination) =
                        extraction.destination(&path, entry_kind(mode))?
                    {
                        let executable = mode == b"100755";
                        files.push(CommitFile {
                            object,
                            executable,
                            destination,
                        });
                    }
                }
            }
            level = below;
        }
        Ok(files)
    }

    /// The contents of these objects. It is an error if they are larger than
    /// `remaining_bytes`, which else becomes smaller by their size.
    fn contents(
        &self,
        objects: &[&str],
        remaining_bytes: &mut usize,
        too_much: impl Fn() -> Error,
    ) -> Result<Vec<Vec<u8>>> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let names: String = objects.iter().map(|name| format!("{name}\n")).collect();
        let cat = |how: &str| {
            let args = ["cat-file", how].map(OsString::from).to_vec();
            self.command(args, names.clone().into_bytes())
        };
        let sizes = cat("--batch-check=%(objectsize)")?.stdout;
        let sizes = String::from_utf8_lossy(&sizes);
        for line in sizes.lines() {
            let size: usize = line
                .parse()
                .map_err(|_| Error::input(format!("git printed no size for an object: {line}")))?;
            *remaining_bytes = remaining_bytes.checked_sub(size).ok_or_else(&too_much)?;
        }
        split(&cat("--batch")?.stdout, objects)
    }

    fn run(&self, args: &[&str], last: Option<OsString>) -> Result<Output> {
        let args = args.iter().map(OsString::from).chain(last);
        self.command(args.collect(), Vec::new())
    }

    fn command(&self, args: Vec<OsString>, input: Vec<u8>) -> Result<Output> {
        let mut invocation = Invocation::new("git");
        let mut dir = OsString::from("--git-dir=");
        dir.push(self.dir);
        invocation = invocation.arg(dir);
        let no_hooks = self.dir.join("no-hooks");
        let mut hooks = OsString::from("core.hooksPath=");
        hooks.push(no_hooks);
        // A server that counts objects says little, so that only silence is
        // held against it.
        let slow = [
            "http.lowSpeedLimit=1".to_owned(),
            format!(
                "http.lowSpeedTime={}",
                self.git.patience.idle_timeout.as_secs()
            ),
        ];
        let settings = SETTINGS.iter().map(OsString::from);
        let settings = settings.chain(slow.map(OsString::from));
        for setting in settings.chain([hooks]) {
            invocation = invocation.arg("-c").arg(setting);
        }
        let verb = args.first().cloned().unwrap_or_default();
        invocation = invocation.args(args).input(input);
        if !self.git.interactive {
            invocation = invocation.env("GIT_TERMINAL_PROMPT", "0");
        }
        let output = self.git.exec.output(&invocation)?;
        match output.code {
            0 => Ok(output),
            code => {
                let verb = verb.to_string_lossy();
                let message = format!("`git {verb}` ended with exit code {code}");
                let message_of_git = String::from_utf8_lossy(&output.stderr);
                let message_of_git = without_secrets(&message_of_git, self.url);
                let error = Error::input(message);
                Err(match message_of_git.trim() {
                    "" => error,
                    text => error.with_cause(text.replace('\n', "; ")),
                })
            }
        }
    }
}

/// A text without what may be secret in an address.
fn without_secrets(text: &str, url: &str) -> String {
    let text = text.replace(url, &display_url(url));
    let Some((_, rest)) = url.split_once("://") else {
        return text;
    };
    let mut text = match rest.split_once('?').filter(|(_, query)| !query.is_empty()) {
        Some((_, query)) => text.replace(query, "…"),
        None => text,
    };
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let Some((login, _)) = host.rsplit_once('@') else {
        return text;
    };
    // The name alone is no secret, and may be a word of the text.
    text = text.replace(&format!("{login}@"), "…@");
    match login.split_once(':').filter(|(_, word)| !word.is_empty()) {
        Some((_, password)) => text.replace(password, "…"),
        None => text,
    }
}

/// The address as git takes it: a directory is made absolute, since git runs
/// elsewhere.
fn remote(request: &CommitRequest<'_>) -> OsString {
    match is_remote(request.url) {
        true => request.url.into(),
        false => PathBuf::from(request.dir).join(request.url).into(),
    }
}

/// A file of a commit that is extracted.
struct CommitFile {
    object: String,
    executable: bool,
    destination: Destination,
}

/// The type of an entry with this mode of git.
fn entry_kind(mode: &[u8]) -> EntryKind {
    match mode {
        b"100644" | b"100755" | b"100664" => EntryKind::File,
        b"120000" => EntryKind::Other("a symbolic link"),
        b"160000" => EntryKind::Other("a submodule"),
        _ => EntryKind::Other("not a regular file"),
    }
}

/// An entry of a directory, as git stores it.
struct TreeEntry<'t> {
    mode: &'t [u8],
    name: &'t [u8],
    object: String,
}

/// The entries of a directory: mode, space, name, zero, and the name of the
/// object in so many bytes.
fn entries(mut tree: &[u8], length: usize) -> impl Iterator<Item = Result<TreeEntry<'_>>> {
    let mut next = move || {
        let (header, rest) = tree.split_at_checked(tree.iter().position(|byte| *byte == 0)?)?;
        let (object, after) = rest[1..].split_at_checked(length)?;
        let space = header.iter().position(|byte| *byte == b' ')?;
        tree = after;
        Some(TreeEntry {
            mode: &header[..space],
            name: &header[space + 1..],
            object: object.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    };
    let mut left = tree.len();
    std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        let entry = next();
        left = match &entry {
            Some(entry) => left - (entry.mode.len() + entry.name.len() + 2 + length),
            None => 0,
        };
        Some(entry.ok_or_else(|| Error::input("a directory of the commit has an unknown format")))
    })
}

/// The contents that `git cat-file --batch` gives of these objects.
fn split(mut contents: &[u8], objects: &[&str]) -> Result<Vec<Vec<u8>>> {
    let mut next = || {
        let end = contents.iter().position(|byte| *byte == b'\n')?;
        let header = std::str::from_utf8(&contents[..end]).ok()?;
        let size: usize = header.rsplit(' ').next()?.parse().ok()?;
        let from = end + 1;
        let bytes = contents.get(from..from.checked_add(size)?)?.to_vec();
        contents = contents.get(from + size + 1..).unwrap_or_default();
        Some(bytes)
    };
    let named = |object| Error::input(format!("git has no object `{object}`"));
    objects
        .iter()
        .map(|object| next().ok_or_else(|| named(object)))
        .collect()
}

/// A directory for [`Git::read`].
pub fn scratch(cache: &Path) -> Result<fs::TemporaryDir> {
    fs::create_dir(cache)?;
    fs::TemporaryDir::new(cache)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::slashes::with_slashes;
    use crate::system::process::Scripted;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        assert_eq!(display_url("https://me:pw@h/r"), "https://h/r");
        assert_eq!(display_url("https://h/@x"), "https://h/@x");
        assert_eq!(display_url("git@h:r"), "git@h:r");
        assert_eq!(display_url("https://me:pw@h/r?token=s"), "https://h/r?…");
        assert_eq!(display_url("https://h?a@b"), "https://h?…");
        let text = without_secrets("fatal: https://me:pw@h/r/ and pw", "https://me:pw@h/r");
        assert_eq!(text, "fatal: https://h/r/ and …");
        let text = without_secrets("no 'https://me:pw@h'", "https://me:pw@h/r");
        assert_eq!(text, "no 'https://…@h'");
        let text = without_secrets("at https://h/r?token=s/", "https://me@h/r?token=s");
        assert_eq!(text, "at https://h/r?…/");
        let text = "git@h: denied; see git's manual";
        let text = without_secrets(text, "ssh://git@h/r");
        assert_eq!(text, "…@h: denied; see git's manual");
    }

    #[test]
    fn a_directory_is_absolute_and_a_host_stays_one() {
        let remote = |url: &str| {
            let remote = remote(&CommitRequest {
                url,
                dir: Path::new("/d"),
                commit: &Commit::Head,
                within: &Within::Anywhere,
            });
            with_slashes(remote.into_string().unwrap())
        };
        assert_eq!(remote("../r"), "/d/../r");
        assert_eq!(remote("/r"), "/r");
        assert_eq!(remote("git@h:r"), "git@h:r");
        assert_eq!(remote("https://h/r"), "https://h/r");
        assert_eq!(remote("./a:b"), "/d/./a:b");
        assert!(is_local("../r") && is_local("file:///r") && is_local("C:/r"));
        assert!(!is_local("git@h:r") && !is_local("https://h/r"));
    }

    #[test]
    fn errors_of_git_show_no_password() {
        let failed = Output {
            code: 128,
            stderr: b"fatal: could not read from 'https://me:pw@h/r'\n".to_vec(),
            ..Output::default()
        };
        let exec = Scripted::new([Output::default(), failed]);
        let git = Git {
            exec: &exec,
            interactive: false,
            patience: RetryPolicy::default(),
        };
        let request = CommitRequest {
            url: "https://me:pw@h/r",
            dir: Path::new("/d"),
            commit: &Commit::Tag("v1".to_owned()),
            within: &Within::Anywhere,
        };
        let error = git
            .read(&request, &BTreeSet::new(), Path::new("/s"))
            .unwrap_err();
        let text = format!("{error:?}");
        assert!(
            !text.contains("pw") && text.contains("https://h/r"),
            "{text}"
        );
        assert!(text.contains("ls-remote"), "{text}");
        let invocations = exec.invocations();
        let line = with_slashes(invocations[1].to_string());
        assert!(
            line.ends_with("-- https://me:pw@h/r refs/tags/v1"),
            "{line}"
        );
        assert!(line.contains("core.hooksPath=/s/no-hooks"), "{line}");
        assert!(line.contains("http.lowSpeedTime=30"), "{line}");
        assert_eq!(
            invocations[1].env,
            [("GIT_TERMINAL_PROMPT".into(), "0".into())]
        );
    }

    #[test]
    fn links_and_submodules_are_refused_if_they_would_be_extracted() {
        for (mode, what) in [("120000", "symbolic link"), ("160000", "submodule")] {
            let tree = [mode.as_bytes(), b" x.wit\0", &[7; 20]].concat();
            let read = |within: &Within| walked(within, &[(&tree, tree.len())]).1;
            let error = read(&Within::Anywhere).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
            // Elsewhere they are nobody's business.
            let error = read(&Within::Prefix("p".to_owned())).unwrap_err();
            assert!(error.to_string().contains("has no WIT below"), "{error}");
        }
    }

    /// Reads a repository of these objects, each said to be so large: what was
    /// asked of git, and what came.
    fn walked(within: &Within, objects: &[(&[u8], usize)]) -> (Vec<String>, Result<Tree>) {
        let answer = |stdout: Vec<u8>| Output {
            stdout,
            ..Output::default()
        };
        let mut answers = vec![answer(Vec::new()), answer(Vec::new())];
        answers.push(answer([b'c'; 40].to_vec()));
        for (bytes, size) in objects {
            answers.push(answer(format!("{size}\n").into_bytes()));
            let whole = [format!("x blob {size}\n").as_bytes(), bytes, b"\n"].concat();
            answers.push(answer(whole));
        }
        let exec = Scripted::new(answers);
        let git = Git {
            exec: &exec,
            interactive: false,
            patience: RetryPolicy::default(),
        };
        let request = CommitRequest {
            url: "/r",
            dir: Path::new("/d"),
            commit: &Commit::Head,
            within,
        };
        let read = git.read(&request, &BTreeSet::new(), Path::new("/s"));
        let invocations = exec.invocations();
        (
            invocations.iter().map(ToString::to_string).collect(),
            read.map(|(tree, _)| tree),
        )
    }

    #[test]
    fn objects_that_are_too_large_are_not_read() {
        let tree = [&b"100644 x.wit\0"[..], &[7; 20]].concat();
        let found = walked(&Within::Anywhere, &[(&tree, tree.len()), (b"text", 4)]).1;
        assert_eq!(found.unwrap().own["x.wit"].bytes, b"text");
        for (objects, text) in [
            (
                vec![(&tree[..], tree.len()), (b"", MOST_BYTES + 1)],
                "its WIT is larger",
            ),
            (
                vec![(&tree[..], MOST_BYTES + 1)],
                "its directories have more",
            ),
        ] {
            let (invocations, found) = walked(&Within::Anywhere, &objects);
            let error = found.unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
            assert!(
                invocations.last().unwrap().contains("--batch-check"),
                "{invocations:?}"
            );
        }
    }
}
