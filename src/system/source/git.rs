//! Git repositories, by the user's `git`: one commit is fetched, and files are
//! read from it as they are stored. Nothing of a repository is run, checked
//! out or configured by it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::base::retry::Patience;
use crate::model::lockfile::tree::File;
use crate::model::manifest::deps::{Commit, Within};
use crate::system::fs;
use crate::system::process::{Exec, Invocation, Output};

use super::extraction::{Kind, MOST_BYTES, Place, Taken, Tree, too_much};

/// Settings by which git runs nothing that anybody but the user chose, and
/// does nothing beside what it is asked for.
const SETTINGS: &[&str] = &[
    "protocol.ext.allow=never",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.fsmonitor=false",
];

/// The address as it is shown: without a login, and without a query, which may
/// be one.
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let rest = &rest[host.rfind('@').map_or(0, |at| at + 1)..];
    match rest.split_once('?') {
        Some((place, _)) => format!("{scheme}://{place}?…"),
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

/// What is asked of a repository.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Its address or directory. It may hold a password.
    pub url: &'a str,
    /// The directory that a relative one is seen from.
    pub dir: &'a Path,
    /// Which commit.
    pub commit: &'a Commit,
    /// Where in it.
    pub within: &'a Within,
}

/// A way to run git.
pub struct Git<'a> {
    /// Starts programs.
    pub exec: &'a dyn Exec,
    /// Whether somebody is there whom git may ask for a password.
    pub interactive: bool,
    /// How long a server may say nothing.
    pub patience: Patience,
}

impl Git<'_> {
    /// The WIT of a commit, and the commit's name. `scratch` is a directory
    /// that the caller removes.
    pub fn read(
        &self,
        wanted: &Wanted<'_>,
        pinned: &BTreeSet<String>,
        scratch: &Path,
    ) -> Result<(Tree, String)> {
        let repository = Repository {
            git: self,
            dir: scratch,
            url: wanted.url,
        };
        repository.read(wanted, pinned).map_err(|e| {
            let shown = shown(wanted.url);
            e.context(format!("failed to read WIT from the repository `{shown}`"))
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
    fn read(&self, wanted: &Wanted<'_>, pinned: &BTreeSet<String>) -> Result<(Tree, String)> {
        // Without a template there are no hooks.
        self.run(
            &["init", "--quiet", "--bare", "--template="],
            Some(self.dir.into()),
        )?;
        let reference = match wanted.commit {
            Commit::Head => "HEAD".to_owned(),
            Commit::Rev(rev) => rev.clone(),
            Commit::Tag(tag) => format!("refs/tags/{tag}"),
            Commit::Branch(branch) => format!("refs/heads/{branch}"),
        };
        let fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", "--"];
        let mut args: Vec<OsString> = fetch.iter().map(OsString::from).collect();
        args.extend([remote(wanted), OsString::from(&reference)]);
        self.command(args, Vec::new()).map_err(|e| {
            e.hint(format!(
                "check that `git ls-remote {} {reference}` finds it",
                shown(wanted.url)
            ))
        })?;
        let commit = self.run(&["rev-parse", "--verify", "FETCH_HEAD^{commit}"], None)?;
        let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
        let mut taken = Taken::new(wanted.within, pinned);
        let files = self.walk(&commit, &mut taken)?;
        let objects: Vec<&str> = files.iter().map(|file| file.object.as_str()).collect();
        let mut room = taken.room();
        let contents = self.contents(&objects, &mut room, || too_much("it"))?;
        for (file, bytes) in files.into_iter().zip(contents) {
            let executable = file.executable;
            taken.put(file.place, File { executable, bytes })?;
        }
        Ok((taken.finish("the commit")?, commit))
    }

    /// The files that are taken of a commit: its directories are read level by
    /// level, and only those that lead to WIT. A few of them may stand for more
    /// paths than anybody can list.
    fn walk(&self, commit: &str, taken: &mut Taken<'_>) -> Result<Vec<Listed>> {
        let mut files = Vec::new();
        let mut level = vec![(Vec::new(), format!("{commit}^{{tree}}"))];
        let mut room = MOST_BYTES;
        while !level.is_empty() {
            let trees: Vec<&str> = level.iter().map(|(_, tree)| tree.as_str()).collect();
            let too_wide = || {
                let most = MOST_BYTES >> 20;
                Error::input(format!("its directories have more than {most} MiB"))
                    .hint("select a directory of the repository with `prefix`")
            };
            let contents = self.contents(&trees, &mut room, too_wide)?;
            let mut below = Vec::new();
            for ((dir, _), tree) in level.iter().zip(&contents) {
                for entry in entries(tree, commit.len() / 2) {
                    let Entry { mode, name, object } = entry?;
                    let path = match dir.is_empty() {
                        true => name.to_vec(),
                        false => [dir, &b"/"[..], name].concat(),
                    };
                    if mode == b"40000" {
                        if taken.leads(&path) {
                            below.push((path, object));
                        }
                    } else if let Some(place) = taken.offer(&path, kind(mode))? {
                        let executable = mode == b"100755";
                        files.push(Listed {
                            object,
                            executable,
                            place,
                        });
                    }
                }
            }
            level = below;
        }
        Ok(files)
    }

    /// What these objects hold. Nothing is read if it is more than there is
    /// room for, which is then an error; else there is less room afterwards.
    fn contents(
        &self,
        objects: &[&str],
        room: &mut usize,
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
        let listed = cat("--batch-check=%(objectsize)")?.stdout;
        let listed = String::from_utf8_lossy(&listed);
        for line in listed.lines() {
            let size: usize = line
                .parse()
                .map_err(|_| Error::input(format!("git printed no size for an object: {line}")))?;
            *room = room.checked_sub(size).ok_or_else(&too_much)?;
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
        let nowhere = self.dir.join("no-hooks");
        let mut hooks = OsString::from("core.hooksPath=");
        hooks.push(nowhere);
        // A server that counts objects says little, so that only silence is
        // held against it.
        let slow = [
            "http.lowSpeedLimit=1".to_owned(),
            format!("http.lowSpeedTime={}", self.git.patience.idle.as_secs()),
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
                let said = String::from_utf8_lossy(&output.stderr);
                let said = without_secrets(&said, self.url);
                let error = Error::input(message);
                Err(match said.trim() {
                    "" => error,
                    said => error.because(said.replace('\n', "; ")),
                })
            }
        }
    }
}

/// A text without what may be secret in an address.
fn without_secrets(text: &str, url: &str) -> String {
    let text = text.replace(url, &shown(url));
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
fn remote(wanted: &Wanted<'_>) -> OsString {
    match is_remote(wanted.url) {
        true => wanted.url.into(),
        false => PathBuf::from(wanted.dir).join(wanted.url).into(),
    }
}

/// A file of a commit that is taken.
struct Listed {
    object: String,
    executable: bool,
    place: Place,
}

/// What sort of thing a mode of git says something is.
fn kind(mode: &[u8]) -> Kind {
    match mode {
        b"100644" | b"100755" | b"100664" => Kind::File,
        b"120000" => Kind::Other("a symbolic link"),
        b"160000" => Kind::Other("a submodule"),
        _ => Kind::Other("not a regular file"),
    }
}

/// An entry of a directory, as git stores it.
struct Entry<'t> {
    mode: &'t [u8],
    name: &'t [u8],
    object: String,
}

/// The entries of a directory: mode, space, name, zero, and the name of the
/// object in so many bytes.
fn entries(mut tree: &[u8], length: usize) -> impl Iterator<Item = Result<Entry<'_>>> {
    let mut next = move || {
        let (said, rest) = tree.split_at_checked(tree.iter().position(|byte| *byte == 0)?)?;
        let (object, after) = rest[1..].split_at_checked(length)?;
        let space = said.iter().position(|byte| *byte == b' ')?;
        tree = after;
        Some(Entry {
            mode: &said[..space],
            name: &said[space + 1..],
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
        let said = std::str::from_utf8(&contents[..end]).ok()?;
        let size: usize = said.rsplit(' ').next()?.parse().ok()?;
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
pub fn scratch(cache: &Path) -> Result<fs::Temporary> {
    fs::create_dir(cache)?;
    fs::Temporary::new(cache)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::Scripted;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        assert_eq!(shown("https://me:pw@h/r"), "https://h/r");
        assert_eq!(shown("https://h/@x"), "https://h/@x");
        assert_eq!(shown("git@h:r"), "git@h:r");
        assert_eq!(shown("https://me:pw@h/r?token=s"), "https://h/r?…");
        assert_eq!(shown("https://h?a@b"), "https://h?…");
        let said = without_secrets("fatal: https://me:pw@h/r/ and pw", "https://me:pw@h/r");
        assert_eq!(said, "fatal: https://h/r/ and …");
        let said = without_secrets("no 'https://me:pw@h'", "https://me:pw@h/r");
        assert_eq!(said, "no 'https://…@h'");
        let said = without_secrets("at https://h/r?token=s/", "https://me@h/r?token=s");
        assert_eq!(said, "at https://h/r?…/");
        let said = "git@h: denied; see git's manual";
        let text = without_secrets(said, "ssh://git@h/r");
        assert_eq!(text, "…@h: denied; see git's manual");
    }

    #[test]
    fn a_directory_is_absolute_and_a_host_stays_one() {
        let remote = |url: &str| {
            let remote = remote(&Wanted {
                url,
                dir: Path::new("/d"),
                commit: &Commit::Head,
                within: &Within::Anywhere,
            });
            remote.into_string().unwrap()
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
    fn what_git_says_of_a_failure_has_no_password() {
        let failed = Output {
            code: 128,
            stderr: b"fatal: could not read from 'https://me:pw@h/r'\n".to_vec(),
            ..Output::default()
        };
        let exec = Scripted::new([Output::default(), failed]);
        let git = Git {
            exec: &exec,
            interactive: false,
            patience: Patience::default(),
        };
        let wanted = Wanted {
            url: "https://me:pw@h/r",
            dir: Path::new("/d"),
            commit: &Commit::Tag("v1".to_owned()),
            within: &Within::Anywhere,
        };
        let error = git
            .read(&wanted, &BTreeSet::new(), Path::new("/s"))
            .unwrap_err();
        let text = format!("{error:?}");
        assert!(
            !text.contains("pw") && text.contains("https://h/r"),
            "{text}"
        );
        assert!(text.contains("ls-remote"), "{text}");
        let asked = exec.asked();
        let line = asked[1].to_string();
        assert!(
            line.ends_with("-- https://me:pw@h/r refs/tags/v1"),
            "{line}"
        );
        assert!(line.contains("core.hooksPath=/s/no-hooks"), "{line}");
        assert!(line.contains("http.lowSpeedTime=30"), "{line}");
        assert_eq!(asked[1].env, [("GIT_TERMINAL_PROMPT".into(), "0".into())]);
    }

    #[test]
    fn links_and_submodules_are_refused_if_they_would_be_taken() {
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
            patience: Patience::default(),
        };
        let wanted = Wanted {
            url: "/r",
            dir: Path::new("/d"),
            commit: &Commit::Head,
            within,
        };
        let read = git.read(&wanted, &BTreeSet::new(), Path::new("/s"));
        let asked = exec.asked();
        (
            asked.iter().map(ToString::to_string).collect(),
            read.map(|(tree, _)| tree),
        )
    }

    #[test]
    fn what_is_too_much_is_not_asked_for() {
        let tree = [&b"100644 x.wit\0"[..], &[7; 20]].concat();
        let found = walked(&Within::Anywhere, &[(&tree, tree.len()), (b"text", 4)]).1;
        assert_eq!(found.unwrap().own["x.wit"].bytes, b"text");
        for (objects, said) in [
            (
                vec![(&tree[..], tree.len()), (b"", MOST_BYTES + 1)],
                "its WIT is larger",
            ),
            (
                vec![(&tree[..], MOST_BYTES + 1)],
                "its directories have more",
            ),
        ] {
            let (asked, found) = walked(&Within::Anywhere, &objects);
            let error = found.unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
            assert!(asked.last().unwrap().contains("--batch-check"), "{asked:?}");
        }
    }
}
