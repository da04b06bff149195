//! What tests of operations hand to them: command lines, a shell, packages of WIT,
//! modules and components.

use std::ffi::OsString;
use std::rc::Rc;

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, PackageId, Resolve};

use crate::base::error::Result;
use crate::system::cargo::arguments::CargoArgs;
use crate::system::shell::{Buffer, ColorChoice, Message, Shell, Verbosity};

/// A shell whose messages outlive its context.
pub(in crate::ops) struct Said(pub Rc<Buffer>);

impl Shell for Said {
    fn print(&self, message: Message) {
        self.0.print(message);
    }

    fn verbosity(&self) -> Verbosity {
        self.0.verbosity()
    }

    fn color(&self) -> ColorChoice {
        self.0.color()
    }

    fn write_data(&self, bytes: &[u8]) -> Result<()> {
        self.0.write_data(bytes)
    }
}

/// The command line of a verb, split at its spaces.
pub(in crate::ops) fn args(line: &str) -> CargoArgs {
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    CargoArgs::parse(&words).unwrap()
}

/// The texts of packages, each after those that it needs, with the last one of them.
fn parsed(texts: &[&str]) -> (Resolve, PackageId) {
    let mut resolve = Resolve::default();
    let push = |text: &&str| resolve.push_source("parsed.wit", text).unwrap();
    let last = texts.iter().map(push).last();
    (resolve, last.unwrap())
}

/// The last of these packages of WIT in its binary form.
pub(in crate::ops) fn wit(texts: &[&str]) -> Vec<u8> {
    let (resolve, last) = parsed(texts);
    wit_component::encode(&resolve, last, false).unwrap()
}

/// A module for the world of the last of these packages, as a build would make it.
pub(in crate::ops) fn module(texts: &[&str]) -> Vec<u8> {
    let (resolve, last) = parsed(texts);
    let world = resolve.select_world(&[last], None).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    let utf8 = StringEncoding::UTF8;
    embed_component_metadata(&mut module, &resolve, world, utf8, false).unwrap();
    module
}

/// The component of such a module.
pub(in crate::ops) fn component(texts: &[&str]) -> Vec<u8> {
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.validate(true);
    encoder.module(&module(texts)).unwrap().encode().unwrap()
}
