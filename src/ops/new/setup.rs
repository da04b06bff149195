//! A crate becomes a component: its manifest, its world, its source and its
//! bindings.

use std::path::{Path, PathBuf};

use super::creation_note::is_generated;
use super::editor;
use super::options::{CrateKind, NewOptions};
use super::origin::CrateOrigin;
use super::target::FoundTarget;
use crate::base::error::{Error, Result};
use crate::model::manifest::edit::{ComponentTable, CrateDependency, ManifestEdit, WasiEntry};
use crate::model::wit::http_service::HttpVersion;
use crate::model::wit::scaffold;
use crate::model::wit::template;
use crate::model::wit::template::ComponentName;
use crate::pipeline::project::recover::recover_directories;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::fs::Change;
use crate::system::process::Invocation;

/// Generates the bindings of the package whose manifest path it gets. The
/// result is the file that was written; `None` where the package has no world.
pub type GenerateBindings<'a> = dyn FnMut(&Path) -> Result<Option<PathBuf>> + 'a;

/// A crate that becomes a component.
pub(in crate::ops) struct ComponentSetup<'a> {
    pub(in crate::ops) ctx: &'a Context,
    /// The absolute path of the crate, which exists.
    pub(in crate::ops) dir: PathBuf,
    pub(in crate::ops) kind: CrateKind,
    pub(in crate::ops) name: ComponentName,
    pub(in crate::ops) target: Option<FoundTarget>,
    /// The version of `wasi:http`, if it becomes an HTTP service.
    pub(in crate::ops) http: Option<HttpVersion>,
    pub(in crate::ops) origin: CrateOrigin,
}

impl ComponentSetup<'_> {
    /// Makes the crate a component: manifest, world, source and bindings.
    pub(in crate::ops) fn run(
        &self,
        options: &NewOptions,
        bind: &mut GenerateBindings<'_>,
    ) -> Result<()> {
        let [path, wit, src] = ["Cargo.toml", "wit", "src"].map(|name| self.dir.join(name));
        recover_directories(self.ctx, [self.dir.as_path(), &wit, &src]);
        let (manifest, changed) =
            self.change_manifest(&path, |manifest| self.edit_manifest(manifest))?;
        if changed {
            let package = manifest.package_name().unwrap_or_default();
            let text = format!("manifest of package `{package}`");
            self.ctx.shell.status("Updated", text);
        }

        let hello = self.write_world(&manifest)?;
        let source = self.source_file(&manifest);
        // An existing command may have its `main` in any file.
        let keep = match self.origin {
            CrateOrigin::Fresh => false,
            CrateOrigin::Resumed => !is_generated(&source),
            CrateOrigin::Users => self.kind == CrateKind::Command || !is_blank(&source)?,
        };
        if hello && !keep {
            let text = self.http.map_or(template::LIBRARY, HttpVersion::source);
            self.write_source(&source, text)?;
        } else if self.kind == CrateKind::Command && !keep {
            self.write_source(&source, template::COMMAND)?;
        }
        editor::write(self.ctx, &self.dir, options.editor)?;
        if self.origin != CrateOrigin::Users && self.kind == CrateKind::Command {
            // A new command has no world yet.
            return Ok(());
        }

        if !hello && !keep {
            // Where the world is wrong, `init` can continue later: it treats an
            // empty source as none.
            fs::write_atomic(&source, b"")?;
        }
        let bound = bind(&path).map_err(|e| self.bindings_failed(e))?;
        let bindings = bound.map(|file| fs::read_text(&file)).transpose()?;
        if let Some(bindings) = &bindings {
            self.change_manifest(&path, |manifest| {
                manifest.dependency(&dependency(&features(bindings)))?;
                Ok(())
            })?;
        }
        if keep {
            // Without generated bindings the code has its own.
            return match bindings {
                Some(bindings) if self.is_unformatted(&source, &bindings)? => {
                    if options.format {
                        self.rustfmt(&source, manifest.edition());
                    }
                    Ok(())
                }
                Some(_) => self.report_joining(&source),
                None => Ok(()),
            };
        }
        match bindings {
            Some(bindings) if !hello && self.kind != CrateKind::Command => {
                self.write_source(&source, &scaffold::implementation(&bindings)?)?;
                if options.format {
                    self.rustfmt(&source, manifest.edition());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether the source is the generated one, which a killed run did not format.
    fn is_unformatted(&self, source: &Path, bindings: &str) -> Result<bool> {
        let own = self.origin == CrateOrigin::Resumed && self.kind != CrateKind::Command;
        Ok(own && fs::read_text(source)? == scaffold::implementation(bindings)?)
    }

    /// Adds to an error of the bindings how to continue.
    fn bindings_failed(&self, error: Error) -> Error {
        let shown = self.relative_to_cwd(&self.dir).display().to_string();
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

    fn relative_to_cwd<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.ctx.cwd).unwrap_or(path)
    }

    /// Edits the manifest, again if another process changes it meanwhile; the
    /// result, and whether its text changed.
    fn change_manifest(
        &self,
        path: &Path,
        edit: impl Fn(&mut ManifestEdit) -> Result<()>,
    ) -> Result<(ManifestEdit, bool)> {
        fs::retry_if_changed(|| {
            let old = fs::read_text(path)?;
            let mut manifest = ManifestEdit::new(self.relative_to_cwd(path), &old)?;
            edit(&mut manifest)?;
            let new = manifest.text();
            let mut change = Change::new();
            change.write_text(path, Some(&old), &new);
            change.commit()?;
            Ok((manifest, old != new))
        })
    }

    fn edit_manifest(&self, manifest: &mut ManifestEdit) -> Result<()> {
        let mut wasi = WasiEntry::All;
        if let CrateKind::Library { wasi: asked } = self.kind {
            wasi = asked;
            if manifest.edition() == "2015" {
                let text = "the manifest has edition 2015, for which bindings do not compile";
                self.ctx.shell.warn(text.to_owned());
            }
            // Other crates, tests and examples may use an existing library.
            manifest.crate_types(match self.origin {
                CrateOrigin::Fresh | CrateOrigin::Resumed => &["cdylib"],
                CrateOrigin::Users => &["cdylib", "rlib"],
            })?;
        }
        let mut needed = features("");
        needed.extend(self.http.into_iter().flat_map(HttpVersion::features));
        if let Some(version) = manifest.dependency(&dependency(&needed))? {
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
            wasi,
        })
    }

    /// Writes a world for a library that has none; whether it was written.
    fn write_world(&self, manifest: &ManifestEdit) -> Result<bool> {
        let wit = self.dir.join("wit");
        let (path, text) = match self.http {
            Some(http) => (wit.join("world.wit"), http.world(&self.name)),
            None => (wit.join("world.wit"), template::hello_world(&self.name)),
        };
        let has_world = match self.origin {
            // The killed run may have written the world already.
            CrateOrigin::Resumed => {
                let world = fs::read_text_if_exists(&path)?;
                let is_empty = fs::list(&wit).is_ok_and(|entries| entries.is_empty());
                world.as_ref() != Some(&text) && !is_empty && fs::exists(&wit)
            }
            CrateOrigin::Fresh | CrateOrigin::Users => fs::exists(&wit),
        };
        if self.kind == CrateKind::Command || manifest.has_target() || has_world {
            return Ok(false);
        }
        // A run that is killed before the packages is continued by the world.
        fs::write_if_changed(&path, text.as_bytes())?;
        for (name, text) in self.http.into_iter().flat_map(HttpVersion::packages) {
            fs::write_if_changed(&wit.join("deps").join(name), text.as_bytes())?;
        }
        Ok(true)
    }

    /// The source file of the component.
    fn source_file(&self, manifest: &ManifestEdit) -> PathBuf {
        self.dir.join(match self.kind {
            CrateKind::Command => "src/main.rs",
            CrateKind::Library { .. } => manifest.library_path().unwrap_or("src/lib.rs"),
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

    /// Formats a source as `cargo fmt` does; a missing rustfmt is no error.
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

    /// Reports how an existing library becomes the component.
    fn report_joining(&self, source: &Path) -> Result<()> {
        if self.kind == CrateKind::Command {
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

/// Whether a file is missing or has no text.
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
