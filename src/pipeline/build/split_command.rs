//! Which of the selected packages are built for wasm, and which for the host.

use std::ffi::OsString;

use super::prepare::Prepared;
use crate::pipeline::project::select::cargo;
use crate::system::cargo::arguments::{CargoArgs, KnownOption, PackageSelection, TargetChoice};
use crate::system::cargo::spec::PackageSpec;
use crate::system::cargo::workspace::{Member, TargetRole};
use crate::system::context::Context;
use crate::system::env;
use crate::system::process::Invocation;

/// A command line split into two runs of cargo.
pub(crate) struct CommandSplit {
    /// The run for the wasm targets; `None` if no package is built for them.
    pub wasm: Option<WasmCommand>,
    /// The members that are not components, if they are built.
    host_members: Vec<usize>,
}

/// How cargo's command line for wasm differs from the user's.
#[derive(Default)]
pub(crate) struct WasmCommand {
    /// The options that are left out.
    pub omitted_options: Vec<KnownOption>,
    /// The arguments that are added.
    pub added_arguments: Vec<OsString>,
}

impl CommandSplit {
    /// The run for wasm gets `--target` if nothing else sets the target, and in a mixed
    /// workspace the options that exclude the members that are not components.
    pub fn of(prepared: &Prepared, args: &CargoArgs) -> CommandSplit {
        let mut wasm = WasmCommand::default();
        if prepared.setup.implicit_target {
            for target in &prepared.setup.targets {
                let option = OsString::from("--target");
                wasm.added_arguments.extend([option, target.name().into()]);
            }
        }
        if args.own.native && args.targets.is_empty() && prepared.setup.configured_target {
            let host = ["--target", "host-tuple"].map(OsString::from);
            wasm.added_arguments.extend(host);
        }
        let for_wasm_alone = |wasm| CommandSplit {
            wasm: Some(wasm),
            host_members: Vec::new(),
        };
        let named = matches!(args.selection(), PackageSelection::Packages(_));
        let with_hosts = args.own.host_members;
        if prepared.setup.targets.is_empty() || named && !with_hosts {
            return for_wasm_alone(wasm);
        }
        let (components, host_members): (Vec<usize>, Vec<usize>) = prepared
            .selected
            .iter()
            .partition(|member| prepared.recipe(**member).is_some());
        let members = &prepared.workspace().members;
        let others = others(prepared, args);
        if host_members.is_empty() || components.is_empty() && !with_hosts {
            return for_wasm_alone(wasm);
        }
        if !with_hosts && is_of_host(args, members, &components, &host_members) {
            return for_wasm_alone(wasm);
        }
        if components.is_empty() && others.is_empty() {
            return CommandSplit {
                wasm: None,
                host_members,
            };
        }
        let (option, narrowed) = match args.selection() {
            PackageSelection::Workspace { .. } => ("--exclude", &host_members),
            _ => ("--package", &components),
        };
        for member in narrowed {
            wasm.added_arguments
                .extend([option.into(), spec(&members[*member])]);
        }
        for other in others {
            wasm.added_arguments
                .extend(["--package".into(), other.into()]);
        }
        if named {
            wasm.omitted_options.push(KnownOption::Package);
        }
        CommandSplit {
            wasm: Some(wasm),
            host_members: if with_hosts { host_members } else { Vec::new() },
        }
    }

    /// Cargo's command line for the members that are not components, without these options;
    /// `None` if no such member is built.
    pub fn host(
        &self,
        ctx: &Context,
        args: &CargoArgs,
        prepared: &Prepared,
        without: &[KnownOption],
    ) -> Option<Invocation> {
        if self.host_members.is_empty() {
            return None;
        }
        let verb = args.subcommand.as_deref().unwrap_or("build");
        let mut left_out = vec![
            KnownOption::Target,
            KnownOption::Workspace,
            KnownOption::Exclude,
            KnownOption::Package,
        ];
        left_out.extend(without);
        let mut command = cargo(ctx, args).args(args.cargo_args_for(verb, &left_out));
        for member in &self.host_members {
            let spec = spec(&prepared.workspace().members[*member]);
            command = command.arg("--package").arg(spec);
        }
        // Build scripts do not see cargo's options.
        let mode = prepared.project.mode;
        let modes = [
            (mode.is_locked(), env::CARGO_COMPONENT_LOCKED),
            (mode.is_offline(), env::CARGO_NET_OFFLINE),
        ];
        for (_, variable) in modes.iter().filter(|(is_on, _)| *is_on) {
            command = command.env(variable.name, "true");
        }
        if prepared.setup.configured_target {
            // Cargo's own configuration names a wasm target, which is not meant.
            command = command.arg("--target").arg("host-tuple");
        }
        Some(with_trailing(command, args))
    }
}

/// The package specification that matches only this member.
fn spec(member: &Member) -> OsString {
    format!("{}@{}", member.name, member.version).into()
}

/// The named packages that are dependencies, not members.
fn others(prepared: &Prepared, args: &CargoArgs) -> Vec<String> {
    let PackageSelection::Packages(specs) = args.selection() else {
        return Vec::new();
    };
    let members = prepared.workspace().identities();
    let is_member = |text: &&String| {
        let selected = PackageSpec::parse(text).and_then(|spec| spec.select(&members));
        selected.is_ok()
    };
    let others = specs.iter().filter(|text| !is_member(text));
    others.cloned().collect()
}

/// Whether the named program or example belongs to a member for the host and to no
/// component, so that no component is meant.
fn is_of_host(
    args: &CargoArgs,
    members: &[Member],
    components: &[usize],
    host_members: &[usize],
) -> bool {
    let named = args
        .target_choices
        .iter()
        .filter_map(|artifact| match artifact {
            TargetChoice::Bin(Some(name)) => Some((name, TargetRole::Binary)),
            TargetChoice::Example(Some(name)) => Some((name, TargetRole::Example)),
            _ => None,
        });
    let has = |among: &[usize], name: &String, role: TargetRole| {
        let mut targets = among.iter().flat_map(|index| &members[*index].targets);
        targets.any(|target| target.role == role && target.name == *name)
    };
    let mut named = named;
    named.any(|(name, role)| has(host_members, name, role) && !has(components, name, role))
}

/// Adds the arguments after `--` to a command.
pub(crate) fn with_trailing(command: Invocation, args: &CargoArgs) -> Invocation {
    match args.trailing.is_empty() {
        true => command,
        false => command.arg("--").args(&args.trailing),
    }
}
