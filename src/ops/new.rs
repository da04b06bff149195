//! `cargo component new`: cargo creates a crate, then its manifest, its world and
//! its source become those of a component.

pub(super) mod crates;
pub(super) mod creation_note;
mod editor;
pub(super) mod options;
pub(super) mod origin;
mod registry;
pub(super) mod setup;
mod target;
mod template;
mod world;

use self::crates::{create_crate, resume_crate};
use self::creation_note::CreationNote;
pub use self::options::{CrateKind, Editor, NewOptions};
use self::origin::CrateOrigin;
use self::setup::ComponentSetup;
pub use self::setup::GenerateBindings;
pub use self::template::{TemplateOptions, from_template};
use crate::base::error::{Error, Result};
use crate::system::context::Context;
use crate::system::fs;

/// Creates a crate that is a component.
pub fn new(ctx: &Context, options: &NewOptions, bind: &mut GenerateBindings<'_>) -> Result<()> {
    let kind = options.kind.unwrap_or(CrateKind::Command);
    let name = options.component_name(ctx, None)?;
    options.refuse_target(Some(kind))?;
    let target = options.find_target(ctx)?;
    if let Some(target) = &target {
        target.check(ctx, options.lock_mode)?;
    }
    let kind_flag = match kind {
        CrateKind::Command => "--bin",
        CrateKind::Library { .. } if options.edition.as_deref() == Some("2015") => {
            return Err(Error::usage("bindings do not compile with edition 2015")
                .hint("use edition 2018 or later"));
        }
        CrateKind::Library { .. } => "--lib",
    };
    let dir = ctx.absolute(&options.path);
    let existed = fs::exists(&dir);
    let note = CreationNote::find(ctx, "new", options);
    let resumed = existed && note.found().is_some();
    match resumed {
        true => resume_crate(ctx, &dir, options, Some(kind_flag))?,
        false => {
            if !existed {
                note.write(CrateOrigin::Fresh);
            }
            create_crate(ctx, "new", options, Some(kind_flag)).inspect_err(|_| {
                if existed {
                    let path = options.path.display();
                    let text = "turns an existing directory into a component";
                    ctx.shell
                        .note(format!("`cargo component init {path}` {text}"));
                }
            })?;
        }
    }
    let setup = ComponentSetup {
        ctx,
        dir,
        kind,
        name,
        target,
        http: options.http,
        origin: match resumed {
            true => CrateOrigin::Resumed,
            false => CrateOrigin::Fresh,
        },
    };
    setup.run(options, bind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::ErrorKind;
    use crate::model::manifest::edit::WasiEntry;
    use crate::model::wit::template;
    use crate::ops::init::init;
    use crate::system::cargo::config::LockMode;
    use crate::system::env;
    use crate::system::process::Invocation;
    use crate::system::process::{Exec, Output, Scripted};
    use crate::system::shell::{Buffer, Message, Shell};
    use crate::system::shell::{ColorChoice, Verbosity};
    use std::path::Path;
    use std::rc::Rc;
    use std::sync::Arc;

    /// Lets a test look at what was said and run after the context is gone.
    struct Shared<T>(Rc<T>);

    impl Shell for Shared<Buffer> {
        fn print(&self, message: Message) {
            self.0.print(message);
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

    fn options(path: &str, kind: Option<CrateKind>) -> NewOptions {
        NewOptions {
            path: path.into(),
            kind,
            vcs: Some("none".into()),
            edition: None,
            namespace: "component".into(),
            name: None,
            editor: Editor::None,
            target: None,
            http: None,
            registry: None,
            lock_mode: LockMode::Update,
            format: true,
        }
    }

    const LIBRARY: Option<CrateKind> = Some(CrateKind::Library {
        wasi: WasiEntry::All,
    });
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
        let asked = world.exec.invocations();
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
        assert_eq!(world.said.messages(), said);
    }

    #[test]
    fn a_library_without_wasi_says_so_in_its_manifest() {
        for (wasi, line) in [
            (WasiEntry::None, "\nwasi = \"none\"\n"),
            (WasiEntry::Stderr, "\nwasi = \"stderr\"\n"),
        ] {
            let world = World::new(&[("foo/Cargo.toml", MANIFEST)], &[0]);
            let library = Some(CrateKind::Library { wasi });
            new(&world.ctx, &options("foo", library), &mut |_| Ok(None)).unwrap();
            let manifest = world.read("foo/Cargo.toml");
            assert!(manifest.contains(line), "{manifest}");
        }
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
        let rustfmt = world.exec.invocations()[1].to_string();
        assert!(rustfmt.starts_with("rustfmt --edition 2024 "), "{rustfmt}");
        let said = world.said.messages();
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
        assert_eq!(world.exec.invocations(), []);
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
        let said = world.said.messages();
        assert!(said[1].starts_with(note));
        let lines = "    #[allow(warnings)]\n    #[rustfmt::skip]\n    mod bindings;\n    bindings::export!(";
        assert!(said[1].contains(lines), "{said:?}");
        // Where nothing is generated, nothing is to be added.
        init(&world.ctx, &options, &mut |_| Ok(None)).unwrap();
        assert_eq!(world.said.messages().len(), 2);
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
