//! Fetches a component, links it, and says what it can reach.
//!
//! ```console
//! $ cargo run --example components -- my-org:app@1.0 my-org:store=./mock.wasm
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program of its own"
)]

use cargo_component::embed::{
    Adapter, Cancellation, Components, Error, LinkRequest, NoProgress, Progress, ProgressSize,
    Result, Session, capabilities, componentize,
};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = || Error::usage("give a component: a path, a package or a reference");
    let component = arguments.next().ok_or_else(usage)?;

    // A platform cancels from the thread that learns that nobody waits any more.
    let cancellation = Cancellation::default();
    let session = Session::new(".")
        .cancellation(cancellation.clone())
        .progress(|verb, size| -> Box<dyn Progress> {
            if let ProgressSize::Bytes(bytes) = size {
                eprintln!("{verb} {bytes} bytes");
            }
            Box::new(NoProgress)
        });
    let components = Components::new(session);

    let fetched = components.fetch(&component)?;
    println!("{} has the digest {}", fetched.name, fetched.digest);

    // With what its hints lead to, and what the command line names instead.
    let mut request = LinkRequest::new(component);
    for argument in arguments {
        let wrong = || {
            Error::usage(format!(
                "`{argument}` is not of the form `import=component`"
            ))
        };
        let (import, answer) = argument.split_once('=').ok_or_else(wrong)?;
        request = request.with(import, answer);
    }
    let linked = components.link(&request)?;
    println!("linked, it has {} bytes", linked.len());
    for (capability, imports) in capabilities(&linked)?.grouped() {
        println!("{capability}: {}", imports.join(", "));
    }

    // Compilers that make core modules need no command line to make components of them.
    let core_module = std::fs::read("module.wasm").ok();
    if let Some(module) = core_module {
        let component = componentize(&module, &Adapter::Reactor)?;
        println!(
            "module.wasm becomes a component of {} bytes",
            component.len()
        );
    }
    Ok(())
}
