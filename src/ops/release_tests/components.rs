//! Packages of WIT, modules and components, made from a text.

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

/// The WIT package of a text, in the form that registries have.
pub(super) fn wit_package(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("test.wit", wit).unwrap();
    wit_component::encode(&resolve, package, false).unwrap()
}

/// The module that a compiler would make for the only world of a text.
pub(super) fn module(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("test.wit", wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    let utf8 = StringEncoding::UTF8;
    embed_component_metadata(&mut module, &resolve, world, utf8, false).unwrap();
    module
}

/// The component of [`module`], as a registry has it.
pub(super) fn component(wit: &str) -> Vec<u8> {
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.validate(true).module(&module(wit)).unwrap();
    encoder.encode().unwrap()
}
