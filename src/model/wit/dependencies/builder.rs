//! Copying WIT into the world that is built.
//!
//! `Resolve::merge` silently unites two versions of an interface even if their
//! records differ; here every piece is copied once, and what is there already is
//! compared first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wit_parser::{
    Function, Interface, InterfaceId, Package, PackageId, PackageName, Resolve, TypeDefKind,
    TypeId, TypeOwner,
};

use super::plan::Plan;
use super::read::{Offer, package_name, track};
use crate::base::error::{Error, Result};
use crate::model::wit::compare::{Comparison, Difference};
use crate::model::wit::{World, walk};

/// Where something is copied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum CopySource {
    /// The target world itself.
    Target,
    /// The offer at this index.
    Offer(usize),
}

/// Where something is copied from, and what becomes of the types that one
/// interface or world owns. All other types belong to named interfaces.
pub(super) struct CopyContext {
    pub source: CopySource,
    /// The owner to replace and its replacement.
    pub owners: Option<(TypeOwner, TypeOwner)>,
    copies: HashMap<TypeId, TypeId>,
}

impl CopyContext {
    /// For the content of named interfaces.
    pub fn named(source: CopySource) -> Self {
        CopyContext {
            source,
            owners: None,
            copies: HashMap::new(),
        }
    }

    /// For the content of a world or an interface without a name.
    pub fn owned(source: CopySource, from: TypeOwner, to: TypeOwner) -> Self {
        CopyContext {
            source,
            owners: Some((from, to)),
            copies: HashMap::new(),
        }
    }
}

/// For each named interface of the world that is built, the interfaces of offers
/// that it stands for.
pub(super) type Counterparts = BTreeMap<InterfaceId, BTreeSet<(usize, InterfaceId)>>;

/// The world that is being built.
pub(super) struct WorldBuilder<'a> {
    target: &'a World,
    offers: &'a [Offer<'a>],
    plan: &'a Plan,
    /// The WIT that was copied so far.
    pub resolve: Resolve,
    /// The named interfaces of the target, and whether it exports them.
    pub of_target: BTreeMap<InterfaceId, bool>,
    /// The interfaces of offers that the named interfaces stand for.
    pub counterparts: Counterparts,
    tracks: BTreeMap<String, Vec<InterfaceId>>,
    copies: HashMap<(CopySource, TypeId), TypeId>,
}

impl<'a> WorldBuilder<'a> {
    /// Starts with empty packages: all that the target knows, so that the modules
    /// of its bindings keep their names.
    pub fn new(target: &'a World, offers: &'a [Offer<'a>], plan: &'a Plan) -> Self {
        let known = &target.resolve;
        let mut builder = WorldBuilder {
            target,
            offers,
            plan,
            resolve: Resolve {
                features: known.features.clone(),
                all_features: known.all_features,
                source_map: known.source_map.clone(),
                ..Resolve::default()
            },
            of_target: BTreeMap::new(),
            counterparts: BTreeMap::new(),
            tracks: BTreeMap::new(),
            copies: HashMap::new(),
        };
        for (_, package) in known.packages.iter() {
            let id = builder.package(&package.name);
            builder.resolve.packages[id].docs = package.docs.clone();
        }
        builder
    }

    /// The WIT that is copied from.
    pub fn source(&self, source: CopySource) -> &'a Resolve {
        match source {
            CopySource::Target => &self.target.resolve,
            CopySource::Offer(at) => &self.offers[at].resolve,
        }
    }

    /// The package of this name, made if it is missing.
    pub fn package(&mut self, name: &PackageName) -> PackageId {
        if let Some(id) = self.resolve.package_names.get(name) {
            return *id;
        }
        let id = self.resolve.packages.alloc(Package {
            name: name.clone(),
            docs: Default::default(),
            interfaces: Default::default(),
            worlds: Default::default(),
        });
        self.resolve.package_names.insert(name.clone(), id);
        id
    }

    /// The interface that a named one becomes: for the target a copy; for a
    /// dependency the one on its track, or a new one.
    pub fn interface(&mut self, source: CopySource, id: InterfaceId) -> Result<InterfaceId> {
        let from = self.source(source);
        let track = track(from, id);
        let (Some(own), Some(name)) = (package_name(from, id), from.interfaces[id].name.clone())
        else {
            return Err(Error::input("an interface without a name was named"));
        };
        let known = self.tracks.get(&track).map_or(&[][..], Vec::as_slice);
        let version = |id: &InterfaceId| package_name(&self.resolve, *id);
        let exact = known.iter().find(|id| version(id) == Some(own)).copied();
        let highest = known.iter().max_by_key(|id| version(id)).copied();
        let found = match source {
            CopySource::Target => exact,
            CopySource::Offer(_) => exact.or(highest),
        };
        let copy = match found {
            Some(found) => found,
            None => {
                let planned = self.plan.packages.get(&track);
                let package = match source {
                    CopySource::Target => own,
                    CopySource::Offer(_) => planned.unwrap_or(own),
                };
                let package = self.package(package);
                let copy = self.resolve.interfaces.alloc(Interface {
                    types: Default::default(),
                    functions: Default::default(),
                    package: Some(package),
                    clone_of: None,
                    ..from.interfaces[id].clone()
                });
                let interfaces = &mut self.resolve.packages[package].interfaces;
                interfaces.insert(name, copy);
                self.tracks.entry(track).or_default().push(copy);
                copy
            }
        };
        if let CopySource::Offer(at) = source {
            let counterparts = self.counterparts.entry(copy).or_default();
            counterparts.insert((at, id));
        }
        Ok(copy)
    }

    /// A named interface with everything it has.
    pub fn copy_interface(&mut self, source: CopySource, id: InterfaceId) -> Result<InterfaceId> {
        let copy = self.interface(source, id)?;
        let interface = &self.source(source).interfaces[id];
        for ty in interface.types.values() {
            self.ty(&mut CopyContext::named(source), *ty)?;
        }
        for function in interface.functions.values() {
            self.named_function(source, id, copy, function)?;
        }
        Ok(copy)
    }

    fn named_function(
        &mut self,
        source: CopySource,
        id: InterfaceId,
        copy: InterfaceId,
        function: &Function,
    ) -> Result<()> {
        if let Some(known) = self.resolve.interfaces[copy].functions.get(&function.name) {
            return Comparison::new(self.source(source), &self.resolve)
                .functions(function, known)
                .map_err(|difference| self.differs(source, id, copy, &difference));
        }
        let function = self.function(&mut CopyContext::named(source), function)?;
        let functions = &mut self.resolve.interfaces[copy].functions;
        functions.insert(function.name.clone(), function);
        Ok(())
    }

    /// A function with the types it names.
    pub fn function(&mut self, cx: &mut CopyContext, function: &Function) -> Result<Function> {
        let mut copy = function.clone();
        let mut named = Vec::new();
        walk::of_function(&mut copy, &mut |id| named.push(*id));
        let copies = self.all(cx, &named)?;
        walk::of_function(&mut copy, &mut |id| *id = copies[id]);
        if cx.source != CopySource::Target {
            copy.external_id = None;
        }
        Ok(copy)
    }

    fn all(&mut self, cx: &mut CopyContext, types: &[TypeId]) -> Result<HashMap<TypeId, TypeId>> {
        let mut copies = HashMap::new();
        for id in types {
            copies.insert(*id, self.ty(cx, *id)?);
        }
        Ok(copies)
    }

    /// The copy of a type, made if there is none yet.
    pub fn ty(&mut self, cx: &mut CopyContext, id: TypeId) -> Result<TypeId> {
        let known = match cx.owners {
            Some(_) => cx.copies.get(&id),
            None => self.copies.get(&(cx.source, id)),
        };
        if let Some(known) = known {
            return Ok(*known);
        }
        let from = self.source(cx.source);
        let copy = match (from.types[id].owner, cx.owners) {
            (TypeOwner::None, _) => self.copy(cx, id, TypeOwner::None)?,
            (owner, Some((replaced, owner_of_copy))) if owner == replaced => {
                self.copy(cx, id, owner_of_copy)?
            }
            (TypeOwner::Interface(owner), _) if from.interfaces[owner].name.is_some() => {
                self.named_type(cx.source, owner, id)?
            }
            _ => {
                let name = from.types[id].name.as_deref().unwrap_or_default();
                let cause = format!(
                    "the type `{name}`, which belongs to a world or to an interface without a name, is used elsewhere"
                );
                let error = match cx.source {
                    CopySource::Offer(at) => self.offers[at].error(cause),
                    CopySource::Target => Error::input(cause),
                };
                return Err(error.hint("define the type in an interface of a package"));
            }
        };
        match cx.owners {
            Some(_) => cx.copies.insert(id, copy),
            None => self.copies.insert((cx.source, id), copy),
        };
        Ok(copy)
    }

    fn copy(&mut self, cx: &mut CopyContext, id: TypeId, owner: TypeOwner) -> Result<TypeId> {
        let mut copy = self.source(cx.source).types[id].clone();
        let mut named = Vec::new();
        walk::of_kind(&mut copy.kind, &mut |id| named.push(*id));
        let copies = self.all(cx, &named)?;
        walk::of_kind(&mut copy.kind, &mut |id| *id = copies[id]);
        copy.owner = owner;
        if cx.source != CopySource::Target {
            copy.external_id = None;
        }
        Ok(self.resolve.types.alloc(copy))
    }

    /// A type of a named interface.
    fn named_type(&mut self, source: CopySource, owner: InterfaceId, id: TypeId) -> Result<TypeId> {
        let from = self.source(source);
        let copy = self.interface(source, owner)?;
        let name = from.types[id].name.clone().unwrap_or_default();
        let provider = match source {
            CopySource::Target => None,
            CopySource::Offer(_) => self.plan.providers.get(&track(from, owner)).copied(),
        };
        if let Some(known) = self.resolve.interfaces[copy].types.get(&name).copied() {
            Comparison::new(from, &self.resolve)
                .named(&name, id, known)
                .map_err(|difference| self.differs(source, owner, copy, &difference))?;
            self.copies.insert((source, id), known);
            if provider.is_none() && !self.of_target.contains_key(&copy) {
                self.methods(source, owner, copy, id)?;
            }
            return Ok(known);
        }
        if let Some(provider) = provider
            && source != CopySource::Offer(provider)
        {
            return self.type_of_provider(source, owner, id, provider);
        }
        let resource = matches!(from.types[id].kind, TypeDefKind::Resource);
        if resource && self.of_target.get(&copy) == Some(&true) && source != CopySource::Target {
            let lacking = Difference {
                place: Vec::new(),
                left: format!("resource `{name}`"),
                right: None,
            };
            return Err(self.differs(source, owner, copy, &lacking));
        }
        let cx = &mut CopyContext::named(source);
        let new = self.copy(cx, id, TypeOwner::Interface(copy))?;
        self.resolve.interfaces[copy].types.insert(name, new);
        self.copies.insert((source, id), new);
        if provider.is_none() && source != CopySource::Target {
            self.methods(source, owner, copy, id)?;
        }
        Ok(new)
    }

    /// A type that another dependency provides.
    fn type_of_provider(
        &mut self,
        source: CopySource,
        owner: InterfaceId,
        id: TypeId,
        provider: usize,
    ) -> Result<TypeId> {
        let from = self.source(source);
        let theirs = &self.offers[provider];
        let name = from.types[id].name.clone().unwrap_or_default();
        let found = theirs.exported(&track(from, owner)).and_then(|interface| {
            let ty = theirs.resolve.interfaces[interface].types.get(&name)?;
            Some((interface, *ty))
        });
        let compared = match found {
            Some((_, ty)) => Comparison::new(from, &theirs.resolve).named(&name, id, ty),
            None => Err(Box::new(Difference {
                place: Vec::new(),
                left: format!("type `{name}`"),
                right: None,
            })),
        };
        let copy = self.interface(source, owner)?;
        if let Some(interface) = theirs.exported(&track(from, owner)) {
            self.interface(CopySource::Offer(provider), interface)?;
        }
        compared.map_err(|difference| self.differs(source, owner, copy, &difference))?;
        match found {
            Some((interface, ty)) => self.named_type(CopySource::Offer(provider), interface, ty),
            None => Err(theirs.error(format!("it has no type `{name}`"))),
        }
    }

    /// Copies the methods of a resource; other types have none.
    fn methods(
        &mut self,
        source: CopySource,
        id: InterfaceId,
        copy: InterfaceId,
        resource: TypeId,
    ) -> Result<()> {
        let interface = &self.source(source).interfaces[id];
        for function in interface.functions.values() {
            if function.kind.resource() == Some(resource) {
                self.named_function(source, id, copy, function)?;
            }
        }
        Ok(())
    }

    /// Refuses a dependency that lacks something of an interface of the target.
    pub fn satisfied(&self, at: usize, id: InterfaceId, copy: InterfaceId) -> Result<()> {
        let offer = &self.offers[at];
        Comparison::new(&self.resolve, &offer.resolve)
            .interfaces(copy, id)
            .map_err(|difference| {
                let theirs = offer.resolve.id_of(id).unwrap_or_default();
                let ours = self.resolve.id_of(copy).unwrap_or_default();
                offer
                    .error(format!(
                        "`{ours}` of the target world differs from its `{theirs}`: {difference}"
                    ))
                    .hint(format!(
                        "use a version of the dependency that exports everything in the world's `{ours}`, or change the version in the world"
                    ))
            })
    }

    fn differs(
        &self,
        source: CopySource,
        id: InterfaceId,
        copy: InterfaceId,
        difference: &Difference,
    ) -> Error {
        let its = self.source(source).id_of(id).unwrap_or_default();
        let provider = self.plan.providers.get(&track(&self.resolve, copy));
        let mut others = self.counterparts.get(&copy).into_iter().flatten();
        let other = others.find(|(at, _)| match provider {
            Some(provider) => at == provider,
            None => CopySource::Offer(*at) != source,
        });
        let (other, owner) = match (self.of_target.contains_key(&copy), other) {
            (false, Some((at, id))) => {
                let offer = &self.offers[*at];
                let owner = format!("the dependency `{}`", offer.dependency.key);
                (offer.resolve.id_of(*id), owner)
            }
            _ => (self.resolve.id_of(copy), "the target world".to_owned()),
        };
        let other = other.unwrap_or_default();
        let cause = format!("its `{its}` differs from `{other}` of {owner}: {difference}");
        let error = match source {
            CopySource::Offer(at) => self.offers[at].error(cause),
            CopySource::Target => Error::input(cause),
        };
        error.hint(format!(
            "use versions that were built for the same version of `{its}`"
        ))
    }
}
