//! Git repositories, by the user's `git`: one commit is fetched, and files are
//! read from it as they are stored. Nothing of a repository is run, checked
//! out or configured by it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::advice::{Error, Result};
use crate::fs;
use crate::lockfile::tree::File;
use crate::manifest::deps::{Commit, Within};
use crate::process::{Exec, Invocation, Output};

use super::taken::{Kind, Place, Taken, Tree};

/// Settings by which git runs nothing that anybody but the user chose, and
/// does nothing beside what it is asked for.
const SETTINGS: &[&str] = &[
    "protocol.ext.allow=never",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.fsmonitor=false",
];

/// The address as it is shown: without a login.
pub fn shown(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            match rest[..end].rfind('@') {
                Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
                None => url.to_owned(),
            }
        }
        None => url.to_owned(),
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
            e.context(format!("failed to take WIT from the repository `{shown}`"))
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
                "see that `git ls-remote {} {reference}` finds it",
                shown(wanted.url)
            ))
        })?;
        let commit = self.run(&["rev-parse", "--verify", "FETCH_HEAD^{commit}"], None)?;
        let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
        let listed = self.run(&["ls-tree", "-r", "-z", "--full-tree", &commit], None)?;
        let mut taken = Taken::new(wanted.within, pinned);
        let files = offered(&listed.stdout, &mut taken)?;
        let names: String = files
            .iter()
            .map(|file| format!("{}\n", file.object))
            .collect();
        if !files.is_empty() {
            let cat = ["cat-file", "--batch"].map(OsString::from).to_vec();
            let contents = self.command(cat, names.into_bytes())?.stdout;
            put(&contents, files, &mut taken)?;
        }
        Ok((taken.finish("the commit")?, commit))
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
        let settings = SETTINGS.iter().map(OsString::from);
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
                let said = said.replace(self.url, &shown(self.url));
                let said = without_login(&said, self.url);
                let error = Error::input(message);
                Err(match said.trim() {
                    "" => error,
                    said => error.because(said.replace('\n', "; ")),
                })
            }
        }
    }
}

/// A text without the login of an address.
fn without_login(text: &str, url: &str) -> String {
    let rest = url.split_once("://").map(|(_, rest)| rest);
    let login = rest.and_then(|rest| rest.split('/').next()?.rsplit_once('@'));
    let Some((login, _)) = login else {
        return text.to_owned();
    };
    let mut text = text.replace(login, "…");
    if let Some((_, password)) = login.split_once(':').filter(|(_, word)| !word.is_empty()) {
        text = text.replace(password, "…");
    }
    text
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

/// What is taken of what `git ls-tree -r -z` lists.
fn offered(listed: &[u8], taken: &mut Taken<'_>) -> Result<Vec<Listed>> {
    let mut files = Vec::new();
    for line in listed
        .split(|byte| *byte == 0)
        .filter(|line| !line.is_empty())
    {
        let strange = || Error::input("git lists its files in an unknown form");
        let tab = line
            .iter()
            .position(|byte| *byte == b'\t')
            .ok_or_else(strange)?;
        let said = std::str::from_utf8(&line[..tab]).map_err(|_| strange())?;
        let words: Vec<&str> = said.split(' ').collect();
        let [mode, _, object] = words[..] else {
            return Err(strange());
        };
        let kind = match mode {
            "100644" | "100755" | "100664" => Kind::File,
            "120000" => Kind::Other("a symbolic link"),
            "160000" => Kind::Other("a submodule"),
            _ => Kind::Other("no regular file"),
        };
        if let Some(place) = taken.offer(&line[tab + 1..], kind)? {
            files.push(Listed {
                object: object.to_owned(),
                executable: mode == "100755",
                place,
            });
        }
    }
    Ok(files)
}

/// Takes the contents that `git cat-file --batch` gives, in the same order.
fn put(mut contents: &[u8], files: Vec<Listed>, taken: &mut Taken<'_>) -> Result<()> {
    for file in files {
        let strange = || Error::input(format!("git has no object `{}`", file.object));
        let end = contents
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(strange)?;
        let said = std::str::from_utf8(&contents[..end]).map_err(|_| strange())?;
        let size = said
            .rsplit(' ')
            .next()
            .and_then(|size| size.parse::<usize>().ok());
        let from = end + 1;
        let to = size
            .and_then(|size| from.checked_add(size))
            .ok_or_else(strange)?;
        let bytes = contents.get(from..to).ok_or_else(strange)?.to_vec();
        contents = contents.get(to + 1..).unwrap_or_default();
        let executable = file.executable;
        taken.put(file.place, File { executable, bytes })?;
    }
    Ok(())
}

/// A directory for [`Git::read`].
pub fn scratch(cache: &Path) -> Result<fs::Temporary> {
    fs::create_dir(cache)?;
    fs::Temporary::new(cache)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Scripted;

    #[test]
    fn an_address_is_shown_without_its_login() {
        assert_eq!(shown("https://me:pw@h/r"), "https://h/r");
        assert_eq!(shown("https://h/@x"), "https://h/@x");
        assert_eq!(shown("git@h:r"), "git@h:r");
        let said = without_login("fatal: https://me:pw@h/r and pw", "https://me:pw@h/r");
        assert_eq!(said, "fatal: https://…@h/r and …");
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
        assert_eq!(asked[1].env, [("GIT_TERMINAL_PROMPT".into(), "0".into())]);
    }

    #[test]
    fn links_and_submodules_are_refused_if_they_would_be_taken() {
        let pinned = BTreeSet::new();
        for (mode, what) in [("120000", "symbolic link"), ("160000", "submodule")] {
            let mut taken = Taken::new(&Within::Anywhere, &pinned);
            let line = format!("{mode} blob abc\twit/x.wit\0");
            let error = offered(line.as_bytes(), &mut taken).err().unwrap();
            assert!(error.to_string().contains(what), "{error}");
            let line = format!("{mode} blob abc\tx\0");
            assert!(offered(line.as_bytes(), &mut taken).unwrap().is_empty());
        }
    }
}
