//! Finds what the WIT of a project needs, and says what it got.
//!
//! ```console
//! $ cargo run --example wit_packages -- path/to/project
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of its own"
)]

use std::path::PathBuf;

use cargo_component::embed::{Drift, Form, LockForm, LockMode, Result, Wit, read_lock, write_lock};

fn main() -> Result<()> {
    let dir = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let project = Wit::new(&dir).mode(LockMode::Update);

    // Everything in one resolve, for a generator of bindings.
    for package in project.resolve()? {
        println!("{} needs", package.name());
        for (_, other) in package.resolve.packages.iter() {
            println!("  {}", other.name);
        }
    }

    // Beside the `.wit` files, for tools that read `wit/deps`.
    project.fetch(Form::Wit, Drift::Write)?;

    // As files for a registry.
    for built in project.build()? {
        println!("{}: {} bytes", built.name, built.bytes.len());
    }

    // What all of it was answered by.
    let path = dir.join("wkg.lock");
    let lock = read_lock(&path)?;
    for entry in lock.entries() {
        println!(
            "{} {} is {}",
            entry.package, entry.requirement, entry.version
        );
    }
    if !lock.entries().is_empty() {
        write_lock(&path, &lock, LockForm::Wkg)?;
    }
    Ok(())
}
