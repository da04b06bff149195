//! A new component: cargo makes the crate, then its manifest, its world and
//! its source become those of a component.

pub(super) mod begun;
mod editor;
mod registry;
pub mod target;

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::model::manifest::edit::{ComponentTable, CrateDependency, ManifestEdit};
use crate::model::wit::scaffold;
use crate::model::wit::template;
use crate::model::wit::template::ComponentName;
use crate::pipeline::project::recover::settle;
use crate::system::cargo::config::{Config, LockMode};
use crate::system::context::Context;
use crate::system::env;
use crate::system::fs;
use crate::system::fs::Change;
use crate::system::process::Invocation;
use crate::system::shell::{ColorChoice, Verbosity};

use self::begun::{Begun, is_generated};
use self::registry::Lookup;
use self::target::FoundTarget;

/// What is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A program with a `main`.
    Command,
    /// A library that implements a world.
    Library {
        /// Whether the built-in adapter for HTTP proxies is used.
        proxy: bool,
    },
}

/// The editor to configure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Editor {
    /// GNU Emacs: `.dir-locals.el`.
    Emacs,
    /// Visual Studio Code: `.vscode/settings.json`.
    VsCode,
    /// None: rust-analyzer needs no help with a committed `src/bindings.rs`.
    #[default]
    None,
}

/// What is asked of [`new`] and of [`init`](super::init::init).
#[derive(Clone, Debug)]
pub struct NewOptions {
    /// The directory of the crate, as the user wrote it.
    pub path: PathBuf,
    /// `None` is a command, or for `init` what the sources say.
    pub kind: Option<Kind>,
    /// The version control cargo sets up: one of cargo's words.
    pub vcs: Option<String>,
    /// The edition of the crate: a year.
    pub edition: Option<String>,
    /// The namespace of the component.
    pub namespace: String,
    /// The name of crate and component; `None` is that of the directory.
    pub name: Option<String>,
    /// The editor to configure.
    pub editor: Editor,
    /// The world to implement, `<path>[/<world>]` or
    /// `<ns>:<pkg>[/<world>][@<requirement>]`; only for a library.
    pub target: Option<String>,
    /// The name of the registry the target is in.
    pub registry: Option<String>,
    /// How lock files and the network may be used.
    pub lock_mode: LockMode,
    /// Whether a scaffolded source goes through rustfmt.
    pub format: bool,
}

/// Generates the bindings of the package whose manifest it is given. The
/// result is the file that was written, `None` where the package has no world.
pub type Bind<'a> = dyn FnMut(&Path) -> Result<Option<PathBuf>> + 'a;

/// Makes a new crate that is a component.
pub fn new(ctx: &Context, options: &NewOptions, bind: &mut Bind<'_>) -> Result<()> {
    let kind = options.kind.unwrap_or(Kind::Command);
    let name = options.component_name(ctx, None)?;
    options.refuse_target(Some(kind))?;
    let target = options.find_target(ctx)?;
    let kind_flag = match kind {
        Kind::Command => "--bin",
        Kind::Library { .. } if options.edition.as_deref() == Some("2015") => {
            return Err(Error::usage("bindings do not compile with edition 2015")
                .hint("use edition 2018 or later"));
        }
        Kind::Library { .. } => "--lib",
    };
    let dir = ctx.absolute(&options.path);
    let existed = fs::exists(&dir);
    let begun = Begun::find(ctx, "new", options);
    let resumed = existed && begun.found().is_some();
    match resumed {
        true => resume(ctx, &dir, options, Some(kind_flag))?,
        false => {
            if !existed {
                begun.note(Origin::Fresh);
            }
            cargo(ctx, "new", options, Some(kind_flag)).inspect_err(|_| {
                if existed {
                    let path = options.path.display();
                    let text = "turns an existing directory into a component";
                    ctx.shell
                        .note(format!("`cargo component init {path}` {text}"));
                }
            })?;
        }
    }
    let start = Start {
        ctx,
        dir,
        kind,
        name,
        target,
        origin: match resumed {
            true => Origin::Resumed,
            false => Origin::Fresh,
        },
    };
    start.run(options, bind)
}

/// Goes on with a crate that a killed run had begun.
pub(super) fn resume(
    ctx: &Context,
    dir: &Path,
    options: &NewOptions,
    kind: Option<&str>,
) -> Result<()> {
    let text = format!(
        "`{}`, which an interrupted run had started",
        ctx.display(dir)
    );
    ctx.shell.status("Finishing", text);
    match fs::exists(&dir.join("Cargo.toml")) {
        true => Ok(()),
        // Cargo itself was killed.
        false => cargo(ctx, "init", options, kind),
    }
}

impl NewOptions {
    /// The name of the component; `package` is that of a crate that is there.
    pub(super) fn component_name(
        &self,
        ctx: &Context,
        package: Option<&str>,
    ) -> Result<ComponentName> {
        let path = ctx.absolute(&self.path);
        let directory = || path.file_name().map(|name| name.to_string_lossy());
        let name = match (&self.name, package) {
            (Some(name), _) => name.into(),
            (None, Some(package)) => package.into(),
            (None, None) => directory().ok_or_else(|| {
                Error::usage(format!("`{}` does not name a crate", self.path.display()))
                    .hint("set the name of the crate with `--name`")
            })?,
        };
        ComponentName::new(&self.namespace, &name)
    }

    /// Refuses a target for what cannot have one.
    pub(super) fn refuse_target(&self, kind: Option<Kind>) -> Result<()> {
        match (&self.target, kind) {
            (Some(_), Some(Kind::Command)) => Err(Error::usage(
                "a command cannot have a target: its world is `wasi:cli/command`",
            )
            .hint("use `--lib` to implement a world")),
            _ => Ok(()),
        }
    }

    /// The world of `--target`.
    pub(super) fn find_target(&self, ctx: &Context) -> Result<Option<FoundTarget>> {
        let Some(text) = &self.target else {
            return Ok(None);
        };
        let mode = Config::load(&ctx.cwd, &ctx.env, &[])?.lock_mode(self.lock_mode)?;
        let lookup = Lookup {
            dir: &ctx.absolute(&self.path),
            registry: self.registry.as_deref(),
            mode,
        };
        FoundTarget::find(ctx, text, &lookup).map(Some)
    }
}

/// Runs `cargo new` or `cargo init`.
pub(super) fn cargo(
    ctx: &Context,
    verb: &str,
    options: &NewOptions,
    kind: Option<&str>,
) -> Result<()> {
    let program = ctx.env.get(env::CARGO).unwrap_or("cargo".as_ref());
    let mut invocation = Invocation::new(program).arg(verb).dir(&ctx.cwd).args(kind);
    for (option, value) in [
        ("--name", &options.name),
        ("--edition", &options.edition),
        ("--vcs", &options.vcs),
    ] {
        if let Some(value) = value {
            invocation = invocation.arg(option).arg(value);
        }
    }
    match ctx.shell.verbosity() {
        Verbosity::Quiet => invocation = invocation.arg("--quiet"),
        Verbosity::Normal => {}
        Verbosity::Verbose => invocation = invocation.arg("--verbose"),
    }
    if ctx.shell.color() != ColorChoice::Auto {
        let color = ctx.shell.color().as_str();
        invocation = invocation.arg("--color").arg(color);
    }
    // `--` so that a path may start with a dash.
    match ctx.exec.run(&invocation.arg("--").arg(&options.path))? {
        0 => Ok(()),
        code => Err(Error::child(code)),
    }
}

/// Where a crate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Everything in it was made a moment ago, and may be replaced.
    Fresh,
    /// A killed run made it, and whatever nobody changed since may be replaced.
    Resumed,
    /// Cargo just made it round these sources, or it is the user's.
    Users,
}

/// A crate about to become a component.
pub(super) struct Start<'a> {
    pub(super) ctx: &'a Context,
    /// Absolute; exists.
    pub(super) dir: PathBuf,
    pub(super) kind: Kind,
    pub(super) name: ComponentName,
    pub(super) target: Option<FoundTarget>,
    pub(super) origin: Origin,
}

impl Start<'_> {
    /// Makes it one.
    pub(super) fn run(&self, options: &NewOptions, bind: &mut Bind<'_>) -> Result<()> {
        let [path, wit, src] = ["Cargo.toml", "wit", "src"].map(|name| self.dir.join(name));
        settle(self.ctx, [self.dir.as_path(), &wit, &src]);
        let (manifest, changed) = self.change(&path, |manifest| self.edit(manifest))?;
        if changed {
            let package = manifest.package_name().unwrap_or_default();
            let text = format!("manifest of package `{package}`");
            self.ctx.shell.status("Updated", text);
        }

        let hello = self.write_world(&manifest)?;
        let source = self.source(&manifest);
        // A command that is there may have its `main` anywhere.
        let keep = match self.origin {
            Origin::Fresh => false,
            Origin::Resumed => !is_generated(&source),
            Origin::Users => self.kind == Kind::Command || !is_blank(&source)?,
        };
        if hello && !keep {
            self.write_source(&source, template::LIBRARY)?;
        } else if self.kind == Kind::Command && !keep {
            self.write_source(&source, template::COMMAND)?;
        }
        editor::write(self.ctx, &self.dir, options.editor)?;
        if self.origin != Origin::Users && self.kind == Kind::Command {
            // It has no world yet.
            return Ok(());
        }

        if !hello && !keep {
            // Should the world turn out to be wrong, `init` can go on later:
            // it takes an empty source for none.
            fs::write_atomic(&source, b"")?;
        }
        let bound = bind(&path).map_err(|e| self.unbound(e))?;
        let bindings = bound.map(|file| fs::read_text(&file)).transpose()?;
        if let Some(bindings) = &bindings {
            self.change(&path, |manifest| {
                manifest.dependency(&dependency(&features(bindings)))?;
                Ok(())
            })?;
        }
        if keep {
            // Without bindings of ours, the code makes its own.
            return match bindings {
                Some(bindings) if self.is_unformatted(&source, &bindings)? => {
                    if options.format {
                        self.rustfmt(&source, manifest.edition());
                    }
                    Ok(())
                }
                Some(_) => self.advise(&source),
                None => Ok(()),
            };
        }
        match bindings {
            Some(bindings) if !hello && self.kind != Kind::Command => {
                self.write_source(&source, &scaffold::implementation(&bindings)?)?;
                if options.format {
                    self.rustfmt(&source, manifest.edition());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether a killed run came as far as the implementation of the world.
    fn is_unformatted(&self, source: &Path, bindings: &str) -> Result<bool> {
        let own = self.origin == Origin::Resumed && self.kind != Kind::Command;
        Ok(own && fs::read_text(source)? == scaffold::implementation(bindings)?)
    }

    /// Says how to go on where the world is wrong.
    fn unbound(&self, error: Error) -> Error {
        let shown = self.shown(&self.dir).display().to_string();
        let (package, path) = match shown.as_str() {
            "" => (self.name.to_string(), String::new()),
            shown => (shown.to_owned(), format!(" {shown}")),
        };
        error
            .context(format!("failed to generate bindings for `{package}`"))
            .hint(format!(
                "the crate was created: correct the world and run `cargo component init{path}`"
            ))
    }

    fn shown<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.ctx.cwd).unwrap_or(path)
    }

    /// Edits the manifest as it is now, which nobody else changes meanwhile;
    /// whether it says something else then.
    fn change(
        &self,
        path: &Path,
        edit: impl Fn(&mut ManifestEdit) -> Result<()>,
    ) -> Result<(ManifestEdit, bool)> {
        fs::again(|| {
            let old = fs::read_text(path)?;
            let mut manifest = ManifestEdit::new(self.shown(path), &old)?;
            edit(&mut manifest)?;
            let new = manifest.text();
            let mut change = Change::new();
            change.text(path, Some(&old), &new);
            change.commit()?;
            Ok((manifest, old != new))
        })
    }

    fn edit(&self, manifest: &mut ManifestEdit) -> Result<()> {
        let mut proxy = false;
        if let Kind::Library { proxy: wanted } = self.kind {
            proxy = wanted;
            if manifest.edition() == "2015" {
                let text = "the manifest has edition 2015, for which bindings do not compile";
                self.ctx.shell.warn(text.to_owned());
            }
            // Other crates, tests and examples may use a library that is there.
            manifest.crate_types(match self.origin {
                Origin::Fresh | Origin::Resumed => &["cdylib"],
                Origin::Users => &["cdylib", "rlib"],
            })?;
        }
        if let Some(version) = manifest.dependency(&dependency(&features("")))? {
            self.ctx.shell.warn(format!(
                "the bindings need `wit-bindgen` {}, but the manifest requires `{version}`",
                scaffold::WIT_BINDGEN
            ));
        }
        if self.target.is_some() && manifest.has_target() {
            let text = "the manifest already has a target, which was kept";
            self.ctx.shell.warn(text.to_owned());
        }
        manifest.component(&ComponentTable {
            package: self.name.to_string(),
            target: match &self.target {
                Some(target) => Some(target.entry(&self.dir)?),
                None => None,
            },
            proxy,
        })
    }

    /// Writes a world for a library that has none; whether it did.
    fn write_world(&self, manifest: &ManifestEdit) -> Result<bool> {
        let wit = self.dir.join("wit");
        let (path, text) = (wit.join("world.wit"), template::hello_world(&self.name));
        let is_there = match self.origin {
            // The killed run may have come as far as this.
            Origin::Resumed => {
                let world = fs::read_text_if_exists(&path)?;
                let is_empty = fs::list(&wit).is_ok_and(|entries| entries.is_empty());
                world.as_ref() != Some(&text) && !is_empty && fs::exists(&wit)
            }
            Origin::Fresh | Origin::Users => fs::exists(&wit),
        };
        if self.kind == Kind::Command || manifest.has_target() || is_there {
            return Ok(false);
        }
        fs::write_if_changed(&path, text.as_bytes())?;
        Ok(true)
    }

    /// The file the user is to write the component in.
    fn source(&self, manifest: &ManifestEdit) -> PathBuf {
        self.dir.join(match self.kind {
            Kind::Command => "src/main.rs",
            Kind::Library { .. } => manifest.library_path().unwrap_or("src/lib.rs"),
        })
    }

    fn write_source(&self, path: &Path, text: &str) -> Result<()> {
        fs::write_if_changed(path, text.as_bytes())?;
        let file = path.strip_prefix(&self.dir).unwrap_or(path).display();
        let target = match &self.target {
            Some(target) => format!(" for target `{}`", target.text),
            None => String::new(),
        };
        let text = format!("source file `{file}`{target}");
        self.ctx.shell.status("Generated", text);
        Ok(())
    }

    /// Formats a source as `cargo fmt` will want it. Nothing depends on it, so
    /// that rustfmt may be missing.
    fn rustfmt(&self, path: &Path, edition: &str) {
        let invocation = Invocation::new("rustfmt")
            .args(["--edition", edition])
            .arg(path)
            .dir(&self.dir);
        match self.ctx.exec.output(&invocation) {
            Ok(output) if output.code == 0 => {}
            _ => self.ctx.shell.detail("Skipped", "rustfmt".to_owned()),
        }
    }

    /// Says how a library that was written before becomes the component.
    fn advise(&self, source: &Path) -> Result<()> {
        if self.kind == Kind::Command {
            return Ok(());
        }
        if !fs::read_text(source)?.contains("mod bindings;") {
            let file = source.strip_prefix(&self.dir).unwrap_or(source).display();
            let lines = template::joining_lines().map(|line| format!("    {line}\n"));
            self.ctx.shell.note(format!(
                "`{file}` was not changed; to implement the world, add to it:\n\n{}\n\nwhere `Component` is a type that implements the `Guest` traits of `bindings`",
                lines.collect::<String>()
            ));
        }
        Ok(())
    }
}

/// Whether there is no file, or nothing in it.
fn is_blank(path: &Path) -> Result<bool> {
    let text = fs::read_text_if_exists(path)?;
    Ok(text.is_none_or(|text| text.trim().is_empty()))
}

/// The features of `wit-bindgen` that a crate with these bindings needs.
fn features(bindings: &str) -> Vec<&'static str> {
    let mut features = vec!["realloc", "std", "bitflags"];
    features.extend(scaffold::features(bindings));
    features
}

fn dependency<'a>(features: &'a [&'a str]) -> CrateDependency<'a> {
    CrateDependency {
        name: "wit-bindgen",
        version: scaffold::WIT_BINDGEN,
        features,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::ErrorKind;
    use crate::ops::init::init;
    use crate::system::process::{Exec, Output, Scripted};
    use crate::system::shell::{Buffer, Message, Shell};
    use std::rc::Rc;
    use std::sync::Arc;

    /// Lets a test look at what was said and run after the context is gone.
    struct Shared<T>(Rc<T>);

    impl Shell for Shared<Buffer> {
        fn say(&self, message: Message) {
            self.0.say(message);
        }
        fn verbosity(&self) -> Verbosity {
            Verbosity::Normal
        }
        fn color(&self) -> ColorChoice {
            ColorChoice::Always
        }
        fn write_data(&self, bytes: &[u8]) -> Result<()> {
            self.0.write_data(bytes)
        }
    }

    struct Programs(Arc<Scripted>);

    impl Exec for Programs {
        fn run(&self, invocation: &Invocation) -> Result<i32> {
            self.0.run(invocation)
        }
        fn output(&self, invocation: &Invocation) -> Result<Output> {
            self.0.output(invocation)
        }
        fn lines(
            &self,
            invocation: &Invocation,
            each: &mut dyn FnMut(&str) -> Result<()>,
        ) -> Result<i32> {
            self.0.lines(invocation, each)
        }
    }

    struct World {
        dir: tempfile::TempDir,
        ctx: Context,
        said: Rc<Buffer>,
        exec: Arc<Scripted>,
    }

    impl World {
        /// A directory with these files, where programs end with these codes.
        fn new(files: &[(&str, &str)], codes: &[i32]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let cwd = fs::canonical(dir.path()).unwrap();
            for (path, text) in files {
                fs::write_atomic(&cwd.join(path), text.as_bytes()).unwrap();
            }
            let answers = codes.iter().map(|&code| Output {
                code,
                ..Output::default()
            });
            let said = Rc::new(Buffer::default());
            let exec = Arc::new(Scripted::new(answers));
            let ctx = Context {
                cwd,
                env: env::Env::default(),
                shell: Box::new(Shared(Rc::clone(&said))),
                exec: Box::new(Programs(Arc::clone(&exec))),
                packages: Default::default(),
            };
            World {
                dir,
                ctx,
                said,
                exec,
            }
        }

        fn read(&self, path: &str) -> String {
            fs::read_text(&self.dir.path().join(path)).unwrap()
        }
    }

    fn options(path: &str, kind: Option<Kind>) -> NewOptions {
        NewOptions {
            path: path.into(),
            kind,
            vcs: Some("none".into()),
            edition: None,
            namespace: "component".into(),
            name: None,
            editor: Editor::None,
            target: None,
            registry: None,
            lock_mode: LockMode::Update,
            format: true,
        }
    }

    const LIBRARY: Option<Kind> = Some(Kind::Library { proxy: false });
    const MANIFEST: &str = "[package]\nname = \"foo\"\nedition = \"2024\"\n\n[dependencies]\n";
    const BINDINGS: &str = "pub trait Guest { async fn f(x: T); }
        pub struct T(::wit_bindgen::rt::async_support::X);
        pub(crate) use __export_w_impl as export;";

    #[test]
    fn a_library_gets_a_world_and_its_implementation() {
        let world = World::new(&[("foo/Cargo.toml", MANIFEST)], &[0]);
        let mut bound = None;
        new(&world.ctx, &options("foo", LIBRARY), &mut |path| {
            bound = Some(path.to_owned());
            Ok(None)
        })
        .unwrap();
        assert_eq!(bound, Some(world.ctx.cwd.join("foo/Cargo.toml")));
        let asked = world.exec.asked();
        assert_eq!(
            asked[0].to_string(),
            "cargo new --lib --vcs none --color always -- foo"
        );
        assert!(world.read("foo/Cargo.toml").contains("\"cdylib\""));
        assert!(world.read("foo/wit/world.wit").contains("component:foo;"));
        assert_eq!(world.read("foo/src/lib.rs"), template::LIBRARY);
        let said = [
            "     Updated manifest of package `foo`",
            "   Generated source file `src/lib.rs`",
        ];
        assert_eq!(world.said.said(), said);
    }

    #[test]
    fn a_command_needs_no_bindings() {
        let world = World::new(&[("foo/Cargo.toml", MANIFEST)], &[0]);
        let mut options = options("foo", None);
        options.editor = Editor::VsCode;
        new(&world.ctx, &options, &mut |_| unreachable!()).unwrap();
        assert_eq!(world.read("foo/src/main.rs"), template::COMMAND);
        assert!(!world.read("foo/Cargo.toml").contains("cdylib"));
        assert!(world.read("foo/.vscode/settings.json").contains("check"));
    }

    #[test]
    fn a_failure_of_cargo_is_ours() {
        let world = World::new(&[], &[101]);
        let error = new(&world.ctx, &options("foo", None), &mut |_| Ok(None)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Child(101));
    }

    #[test]
    fn a_target_is_scaffolded_and_formatted() {
        let files = [
            ("foo/Cargo.toml", MANIFEST),
            ("w/w.wit", "package a:b; world one {} world two {}"),
        ];
        let world = World::new(&files, &[0, 0]);
        let mut options = options("foo", LIBRARY);
        options.target = Some("w/two".into());
        let cwd = world.ctx.cwd.clone();
        new(&world.ctx, &options, &mut |_| {
            let file = cwd.join("foo/src/bindings.rs");
            fs::write_atomic(&file, BINDINGS.as_bytes())?;
            Ok(Some(file))
        })
        .unwrap();
        let manifest = world.read("foo/Cargo.toml");
        assert!(manifest.contains("target = { path = \"../w\", world = \"two\" }"));
        assert!(manifest.contains("\"async\""), "{manifest}");
        let source = world.read("foo/src/lib.rs");
        assert!(source.contains("async fn f(_x: bindings::T) {"), "{source}");
        let rustfmt = world.exec.asked()[1].to_string();
        assert!(rustfmt.starts_with("rustfmt --edition 2024 "), "{rustfmt}");
        let said = world.said.said();
        assert!(said[1].ends_with("`src/lib.rs` for target `w/two`"));
    }

    #[test]
    fn nothing_is_made_for_a_wrong_target_or_name() {
        let world = World::new(&[("w/w.wit", "package a:b; world one {}")], &[]);
        for (target, wanted) in [
            ("w/ones", "the world `ones` does not exist in"),
            ("x", "target `x` was not found"),
            ("a:b/c", "no registry configured for namespace \"a\""),
        ] {
            let mut options = options("foo", LIBRARY);
            options.target = Some(target.into());
            let error = new(&world.ctx, &options, &mut |_| Ok(None)).unwrap_err();
            assert!(error.message().starts_with(wanted), "{error}");
            assert!(error.advice().is_some());
        }
        let error = new(&world.ctx, &options("1", None), &mut |_| Ok(None)).unwrap_err();
        assert!(error.message().ends_with("is not a legal WIT identifier"));
        assert_eq!(world.exec.asked(), []);
    }

    #[test]
    fn init_keeps_what_is_there() {
        let source = "pub fn mine() {}\n";
        let files = [("Cargo.toml", MANIFEST), ("src/lib.rs", source)];
        let world = World::new(&files, &[]);
        let mut options = options(".", None);
        options.vcs = None;
        let cwd = world.ctx.cwd.clone();
        init(&world.ctx, &options, &mut |_| {
            let file = cwd.join("src/bindings.rs");
            fs::write_atomic(&file, BINDINGS.as_bytes())?;
            Ok(Some(file))
        })
        .unwrap();
        assert_eq!(world.read("src/lib.rs"), source);
        let manifest = world.read("Cargo.toml");
        assert!(manifest.contains("[\"cdylib\", \"rlib\"]"), "{manifest}");
        let note = "note: `src/lib.rs` was not changed";
        let said = world.said.said();
        assert!(said[1].starts_with(note));
        let lines = "    #[allow(warnings)]\n    #[rustfmt::skip]\n    mod bindings;\n    bindings::export!(";
        assert!(said[1].contains(lines), "{said:?}");
        // Where nothing is generated, nothing is to be added.
        init(&world.ctx, &options, &mut |_| Ok(None)).unwrap();
        assert_eq!(world.said.said().len(), 2);
        assert_eq!(world.read("Cargo.toml"), manifest);
    }

    #[test]
    fn init_goes_on_where_new_could_not_bind() {
        let files = [
            ("foo/Cargo.toml", MANIFEST),
            ("w/w.wit", "package a:b;\nworld w { export f: func(); }\n"),
        ];
        let world = World::new(&files, &[0, 0]);
        let mut options = options("foo", LIBRARY);
        options.target = Some("w".into());
        let failed = &mut |_: &Path| Err(Error::input("no"));
        let error = new(&world.ctx, &options, failed).unwrap_err();
        assert!(
            error
                .advice()
                .unwrap()
                .ends_with("`cargo component init foo`")
        );
        options.target = None;
        options.kind = None;
        let cwd = world.ctx.cwd.clone();
        init(&world.ctx, &options, &mut |_| {
            let file = cwd.join("foo/src/bindings.rs");
            fs::write_atomic(&file, BINDINGS.as_bytes())?;
            Ok(Some(file))
        })
        .unwrap();
        assert!(world.read("foo/src/lib.rs").contains("fn f("));
        assert!(!fs::exists(&cwd.join("foo/wit")));
    }

    #[test]
    fn init_refuses_a_library_whose_file_would_be_that_of_the_program() {
        let files = [("Cargo.toml", MANIFEST), ("src/main.rs", template::COMMAND)];
        let world = World::new(&files, &[]);
        let mut options = options(".", LIBRARY);
        options.vcs = None;
        let refused = init(&world.ctx, &options, &mut |_| Ok(None)).unwrap_err();
        assert!(refused.message().contains("the binary `foo`"), "{refused}");
        assert_eq!(world.read("Cargo.toml"), MANIFEST);
        assert!(!fs::exists(&world.ctx.cwd.join("src/lib.rs")));
        let named = format!("{MANIFEST}[lib]\nname = \"other\"\n");
        fs::write_atomic(&world.ctx.cwd.join("Cargo.toml"), named.as_bytes()).unwrap();
        init(&world.ctx, &options, &mut |_| Ok(None)).unwrap();
        assert!(fs::exists(&world.ctx.cwd.join("src/lib.rs")));
    }

    #[test]
    fn init_refuses_a_workspace_without_a_package() {
        let world = World::new(&[("Cargo.toml", "[workspace]\n")], &[]);
        let error = init(&world.ctx, &options(".", None), &mut |_| Ok(None)).unwrap_err();
        assert_eq!(
            error.message(),
            "`Cargo.toml` is a workspace without a package"
        );
    }
}
