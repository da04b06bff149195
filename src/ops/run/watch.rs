//! `run --watch` and `serve --watch`: runs a component again when it was built anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;

use super::launch::{Launch, Task};
use super::prepare::prepare;
use super::request::RunRequest;
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::package::ContentDigest;
use crate::pipeline::launch::invoke::{refuse_profile, report_end, report_event, report_profile};
use crate::pipeline::launch::watched_files::WatchedFiles;
use crate::pipeline::link::override_options::{ComponentSource, OverrideRequest};
use crate::pipeline::project::select::start_manifest;
use crate::system::context::Context;
use crate::system::fs;
use crate::system::runtime::{ExitStatus, Interrupts, Program, Server, ServerEvent};
use crate::system::shell::report;
use crate::system::stop::stop_channel;
use crate::system::watch::{Changes, Watcher};

/// Is called from another thread when the user has pressed Ctrl-C.
pub type OnInterrupt = Arc<dyn Fn() + Send + Sync>;

/// What the session waits for.
enum WatchEvent {
    /// Files may have changed, also in nothing but their times.
    Changed(Changes),
    /// Something happened in the server.
    Server(ServerEvent),
    /// The run with this number has ended by itself, or could not be started.
    Ended(u64, Result<Option<ExitStatus>>),
}

/// A component that was built, and its content at that time.
struct Version {
    launch: Launch,
    digest: ContentDigest,
}

impl Version {
    /// Whether a run of the other would be the same.
    fn is_same(&self, other: &Version) -> bool {
        let of = |version: &Version| {
            let Launch {
                runner,
                permissions,
                task,
                ..
            } = &version.launch;
            (runner.clone(), permissions.clone(), task.clone())
        };
        self.digest == other.digest && of(self) == of(other)
    }
}

/// Builds and runs a component until the process ends.
pub(super) struct WatchSession<'a> {
    ctx: &'a Context,
    request: &'a RunRequest<'a>,
    on_interrupt: OnInterrupt,
    events: mpsc::Sender<WatchEvent>,
    received: mpsc::Receiver<WatchEvent>,
    watcher: Watcher,
    files: WatchedFiles,
    /// How many programs were started.
    runs: u64,
}

impl<'a> WatchSession<'a> {
    /// Begins to watch what the command line names; nothing is built yet.
    pub fn start(
        ctx: &'a Context,
        request: &'a RunRequest<'a>,
        on_interrupt: OnInterrupt,
    ) -> Result<Self> {
        let (events, received) = mpsc::channel();
        let changes = events.clone();
        let mut watcher = Watcher::start(move |batch| {
            // Nobody receives it at the end.
            let _ = changes.send(WatchEvent::Changed(batch));
        })?;
        let files = named_files(ctx, request)?;
        watcher.watch(&files.scope, &BTreeSet::new())?;
        Ok(WatchSession {
            ctx,
            request,
            on_interrupt,
            watcher,
            files,
            events,
            received,
            runs: 0,
        })
    }

    /// Builds and runs until an error that no change of a file can repair.
    pub fn run(mut self) -> Result<()> {
        let first = self.build(true)?;
        self.report_watching();
        let mut version = match first {
            Some(version) => version,
            None => {
                self.report_failed(None);
                self.next(None, &mut |_| {})?
            }
        };
        loop {
            version = match version.launch.task.clone() {
                Task::Call(call) => self.call(version, &call)?,
                Task::Serve(addr) => self.serve(version, &addr)?,
                Task::Start => self.start_program(version)?,
            };
        }
    }

    /// Calls a function to its end; then waits for another version.
    fn call(&mut self, version: Version, call: &str) -> Result<Version> {
        let launch = &version.launch;
        launch.report_running(self.ctx);
        if let Err(error) = launch.call(self.ctx, call) {
            self.report(error);
        }
        self.report_waiting("the call has ended");
        self.next(Some(&version), &mut |_| {})
    }

    /// Serves a component, and each version after it, until one is no HTTP service.
    fn serve(&mut self, mut version: Version, addr: &str) -> Result<Version> {
        let ctx = self.ctx;
        let (events, on_interrupt) = (self.events.clone(), self.on_interrupt.clone());
        let on_event = move |event| match event {
            ServerEvent::Interrupted => on_interrupt(),
            event => drop(events.send(WatchEvent::Server(event))),
        };
        let launch = &version.launch;
        launch.report_running(ctx);
        refuse_profile(&launch.file)?;
        let (file, permissions) = (&launch.file, &launch.permissions);
        let server = match Server::start(file, addr, permissions, Arc::new(on_event), &*ctx.shell) {
            Ok(server) => server,
            Err(error) if error.kind() == ErrorKind::Io => return Err(error),
            Err(error) => {
                self.report(error);
                self.report_waiting("the component cannot be served");
                return self.next(None, &mut |_| {});
            }
        };
        loop {
            let mut on_event = |event| {
                if let WatchEvent::Server(event) = event {
                    report_event(ctx, event);
                }
            };
            let next = self.next(Some(&version), &mut on_event)?;
            let launch = &next.launch;
            if !matches!(launch.task, Task::Serve(_)) {
                return Ok(next);
            }
            match server.replace(&launch.file, &launch.permissions, &*ctx.shell) {
                Ok(()) => {
                    ctx.shell.status("Reloaded", format!("`{}`", launch.name));
                    version = next;
                }
                Err(error) => {
                    self.report(error);
                    self.report_waiting("it cannot be served; the one before still is");
                }
            }
        }
    }

    /// Runs a program until it ends, and until there is another version.
    fn start_program(&mut self, version: Version) -> Result<Version> {
        let (ctx, launch) = (self.ctx, &version.launch);
        let (file, shell) = (&launch.file, &*ctx.shell);
        let program =
            match Program::open(&launch.runner, &*ctx.exec, file, Interrupts::Regular, shell) {
                Ok(program) => program,
                Err(error) => {
                    self.report(error);
                    self.report_waiting("the component cannot run");
                    return self.next(None, &mut |_| {});
                }
            };
        launch.report_running(ctx);
        self.runs += 1;
        let (run, events) = (self.runs, self.events.clone());
        let (stopper, stop) = stop_channel();
        std::thread::scope(|scope| {
            let (program, permissions) = (&program, &launch.permissions);
            scope.spawn(move || {
                let ended = program.run_until(permissions, stop);
                let _ = events.send(WatchEvent::Ended(run, ended));
            });
            let mut has_ended = false;
            let next = self.next(Some(&version), &mut |event| {
                if let WatchEvent::Ended(ended, result) = event
                    && ended == run
                {
                    has_ended = true;
                    report_program_end(ctx, launch, result);
                }
            });
            if !has_ended && next.is_ok() {
                shell.status("Restarting", format!("`{}`", launch.name));
            }
            stopper.stop();
            next
        })
    }

    /// Waits until a change makes another version than the current one. Other events are
    /// handed over in the meantime, but not during builds.
    fn next(
        &mut self,
        current: Option<&Version>,
        on_event: &mut dyn FnMut(WatchEvent),
    ) -> Result<Version> {
        loop {
            let changes = match self.received.recv() {
                Ok(WatchEvent::Changed(changes)) => changes,
                Ok(event) => {
                    on_event(event);
                    continue;
                }
                Err(_) => return Err(Error::unsupported("the files are no longer watched")),
            };
            // New directories first, so that no file in them is missed.
            self.watcher.watch(&self.files.scope, &changes.paths)?;
            let changed = self.files.changed(&*self.ctx.exec, &changes);
            if changed.is_empty() {
                continue;
            }
            self.report_changed(&changed);
            match self.build(false)? {
                None => self.report_failed(current),
                Some(version) => match current.filter(|current| current.is_same(&version)) {
                    None => return Ok(version),
                    Some(same) => {
                        let text = format!("`{}`, nothing is restarted", same.launch.name);
                        self.ctx.shell.status("Unchanged", text);
                    }
                },
            }
        }
    }

    /// Builds the component, and watches what it is made from. `None` after an error that
    /// another change may repair, which is reported.
    fn build(&mut self, is_first: bool) -> Result<Option<Version>> {
        let (ctx, files, watcher) = (self.ctx, &mut self.files, &mut self.watcher);
        let mut watched = Ok(());
        let prepared = prepare(ctx, self.request, &mut |prepared| {
            files.add_packages(ctx, prepared);
            // Before the build, so that no change is missed that comes during it.
            watched = watcher.watch(&files.scope, &BTreeSet::new());
        });
        watched?;
        files.remember_generated();
        let version = prepared.and_then(|launch| {
            let digest = ContentDigest::of(&fs::read(&launch.file.path)?);
            Ok(Version { launch, digest })
        });
        let version = match version {
            Ok(version) => {
                if let Some(source) = &version.launch.source {
                    files.add_component(ctx, &source.built.prepared, &source.artifact);
                }
                Some(version)
            }
            Err(error) if is_first && is_final(&error) => return Err(error),
            Err(error) => {
                if files.scope.trees.is_empty() {
                    files.add_tree(fs::parent(&manifest(ctx, self.request)?));
                }
                report(&*ctx.shell, &error.relative_to(&ctx.cwd));
                None
            }
        };
        self.watcher.watch(&self.files.scope, &BTreeSet::new())?;
        Ok(version)
    }

    fn report(&self, error: Error) {
        report(&*self.ctx.shell, &error.relative_to(&self.ctx.cwd));
    }

    fn report_watching(&self) {
        let scope = &self.files.scope;
        let (trees, others) = (scope.trees.iter(), scope.directories.iter());
        let places: Vec<&PathBuf> = match scope.trees.is_empty() {
            true => others.collect(),
            false => trees.collect(),
        };
        let first = places.first().map(|dir| {
            let name = dir.file_name().unwrap_or(dir.as_os_str());
            format!("`{}`", name.to_string_lossy())
        });
        let text = and_more(&first.unwrap_or_default(), places.len());
        self.ctx
            .shell
            .status("Watching", format!("{text} for changes"));
    }

    fn report_changed(&self, changed: &BTreeSet<PathBuf>) {
        let first = changed.first().map(|path| self.ctx.display(path));
        let first = first.map(|path| path.to_string()).unwrap_or_default();
        self.ctx
            .shell
            .status("Changed", and_more(&first, changed.len()));
    }

    fn report_failed(&self, current: Option<&Version>) {
        self.report_waiting(match current.map(|version| &version.launch.task) {
            Some(Task::Serve(_)) => "the build failed; the one before is still served",
            _ => "the build failed",
        });
    }

    fn report_waiting(&self, because: &str) {
        report_waiting(self.ctx, because);
    }
}

fn report_waiting(ctx: &Context, because: &str) {
    ctx.shell
        .status("Waiting", format!("for changes, since {because}"));
}

/// Reports how a program ended by itself, and what is waited for.
fn report_program_end(ctx: &Context, launch: &Launch, result: Result<Option<ExitStatus>>) {
    let code = match result {
        Ok(Some(ended)) => {
            report_profile(ctx, &launch.file);
            // The code is in the line that follows.
            let _ = report_end(ctx, &ended);
            ended.code
        }
        Ok(None) => return,
        Err(error) => {
            report(&*ctx.shell, &error.relative_to(&ctx.cwd));
            return report_waiting(ctx, "the program could not run");
        }
    };
    report_waiting(ctx, &format!("the program ended with exit code {code}"));
}

/// A name, and how many more there are than this one.
fn and_more(first: &str, count: usize) -> String {
    match count {
        0 | 1 => first.to_owned(),
        2 => format!("{first} and 1 more"),
        many => format!("{first} and {} more", many - 1),
    }
}

/// Whether no change of a file can repair the error.
fn is_final(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Usage | ErrorKind::Unsupported)
}

/// The manifest that the command line starts from.
fn manifest(ctx: &Context, request: &RunRequest<'_>) -> Result<PathBuf> {
    let directory = request.args.directory.as_deref();
    let dir = directory.map_or_else(|| ctx.cwd.clone(), |dir| ctx.absolute(dir));
    start_manifest(&dir, request.args)
}

/// The files that the command line names itself, also those that the component or the tool
/// may write to, which are no reason to build.
fn named_files(ctx: &Context, request: &RunRequest<'_>) -> Result<WatchedFiles> {
    let own = &request.args.own;
    let mut files = WatchedFiles::default();
    for dir in &request.permissions.dirs {
        files.add_writable(&dir.host);
    }
    if let Some(profile) = &request.profile {
        files.exclude(&profile.path);
    }
    if let Some(what) = &own.component {
        match ComponentSource::parse(ctx, what)? {
            ComponentSource::File(path) => files.add_source(&path),
            ComponentSource::Subject(_) => {
                let text = format!("`--watch` cannot watch `{what}`, which is in a registry");
                return Err(Error::usage(text)
                    .hint("give the path of a component file, or build a crate without `--component`; only files can be watched"));
            }
        }
    }
    let overrides = OverrideRequest::parse(ctx, &own.with, &[])?;
    overrides
        .local_paths()
        .for_each(|path: &Path| files.add_source(path));
    Ok(files)
}
