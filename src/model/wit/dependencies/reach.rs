//! The types that a piece of WIT uses of interfaces, directly and through other
//! types.

use std::collections::{BTreeSet, HashSet};

use wit_parser::{Function, InterfaceId, Resolve, TypeDefKind, TypeId, TypeOwner};

use crate::model::wit::walk;

/// The interfaces and resources that a piece of WIT uses.
pub(super) struct Reach<'a> {
    resolve: &'a Resolve,
    visited: HashSet<TypeId>,
    /// The named interfaces whose types are used.
    pub interfaces: HashSet<InterfaceId>,
    /// The resources that are used, each by its own definition.
    pub resources: BTreeSet<TypeId>,
}

impl<'a> Reach<'a> {
    /// Starts with nothing used.
    pub fn new(resolve: &'a Resolve) -> Self {
        Reach {
            resolve,
            visited: HashSet::new(),
            interfaces: HashSet::new(),
            resources: BTreeSet::new(),
        }
    }

    /// Adds everything that an interface uses.
    pub fn interface(&mut self, id: InterfaceId) {
        let interface = &self.resolve.interfaces[id];
        for ty in interface.types.values() {
            self.ty(*ty);
        }
        for function in interface.functions.values() {
            self.function(function);
        }
    }

    /// Adds everything that a function uses.
    pub fn function(&mut self, function: &Function) {
        let mut named = Vec::new();
        walk::of_function(&mut function.clone(), &mut |id| named.push(*id));
        named.into_iter().for_each(|id| self.ty(id));
    }

    fn ty(&mut self, id: TypeId) {
        if !self.visited.insert(id) {
            return;
        }
        let definition = &self.resolve.types[id];
        if let TypeDefKind::Resource = definition.kind {
            self.resources.insert(id);
        }
        let mut named = Vec::new();
        walk::of_kind(&mut definition.kind.clone(), &mut |id| named.push(*id));
        named.into_iter().for_each(|id| self.ty(id));
        let TypeOwner::Interface(owner) = definition.owner else {
            return;
        };
        if self.resolve.interfaces[owner].name.is_some() {
            self.interfaces.insert(owner);
        }
        // A resource is of no use without its methods.
        for function in self.resolve.interfaces[owner].functions.values() {
            if function.kind.resource() == Some(id) {
                self.function(function);
            }
        }
    }
}
