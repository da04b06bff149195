//! Random worlds, linked and called: what the component says that passes calls
//! on is what the one says that it is linked to.

mod guests;
mod values;
mod worlds;

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmtime::component::{Component, Func, Instance, Linker, Val};
use wasmtime::{Config, Engine, Store};

use super::random::Random;
use super::*;
use values::{Handles, pair, same};
use worlds::{Way, Worlds};

/// Fails if what is linked of the worlds of this seed does not say the same as
/// the component that it is linked to; which worlds they were.
fn holds(seed: u64) -> Worlds {
    let mut random = Random::new(seed);
    let worlds = worlds::worlds(&mut random);
    let tried = catch_unwind(AssertUnwindSafe(|| agree(&worlds, &mut random)));
    if let Err(panic) = tried {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned()));
        panic!(
            "seed {seed}, {:?}:\n{}\n{}\n{}",
            worlds.way,
            text.unwrap_or_default(),
            worlds.giver,
            worlds.passer
        );
    }
    worlds
}

/// Links the worlds and calls their functions.
fn agree(worlds: &Worlds, random: &mut Random) {
    let giver = guests::giver(&worlds.giver);
    let passer = guests::passer(&worlds.passer);
    let links: Vec<(&str, usize)> = worlds.imports.iter().map(|i| (i.as_str(), 1)).collect();
    let plan = Plan {
        nodes: vec![node("passer", &passer, &links), node("giver", &giver, &[])],
        root: 0,
    };
    let linked = link(&plan).unwrap();
    assert_eq!(linked.open, []);
    let mut config = Config::new();
    config.wasm_component_model_fixed_length_lists(true);
    let engine = Engine::new(&config).unwrap();
    let mut store = Store::new(&engine, ());
    let mut instance = |bytes: &[u8]| {
        let component = Component::new(&engine, bytes).unwrap();
        let instance = Linker::new(&engine)
            .instantiate(&mut store, &component)
            .unwrap();
        (component, instance)
    };
    let (direct, giver) = instance(&giver);
    let (_, passer) = instance(&linked.bytes);
    let mut functions = Vec::new();
    for (interface, name) in listed(&direct, &engine) {
        let passed = passed(worlds.way, interface.as_deref(), &name);
        let direct = found(&mut store, &giver, (interface.as_deref(), &name)).unwrap();
        let around = found(&mut store, &passer, (passed.as_deref(), &name));
        let around = around.unwrap_or_else(|| panic!("{passed:?} has no {name}"));
        functions.push((name, direct, around));
    }
    let mut handles = Handles::default();
    let mut calls = 0;
    for _ in 0..8 * functions.len() {
        let (name, direct, around) = random.one(&functions);
        calls += usize::from(called(
            &mut store,
            (name, direct, around),
            &mut handles,
            random,
        ));
    }
    // Some wait for a resource that was not made yet.
    assert!(calls > functions.len(), "{calls} calls");
}

/// Calls a function of both with one value; whether there was one.
fn called(
    store: &mut Store<()>,
    (name, direct, around): (&str, &Func, &Func),
    handles: &mut Handles,
    random: &mut Random,
) -> bool {
    let ty = direct.ty(&mut *store);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (_, ty) in ty.params() {
        let Some((one, other)) = pair(&ty, handles, random) else {
            handles.put_back();
            return false;
        };
        left.push(one);
        right.push(other);
    }
    handles.taken();
    let results = ty.results().len();
    let mut call = |function: &Func, values: &[Val]| {
        let mut results = vec![Val::Bool(false); results];
        let called = function.call(&mut *store, values, &mut results);
        called.unwrap_or_else(|e| panic!("{name}{values:?}: {e:?}"));
        results
    };
    let (one, other) = (call(direct, &left), call(around, &right));
    for ((one, other), ty) in one.iter().zip(&other).zip(ty.results()) {
        let told = || format!("{name}{left:?} gives {one:?}, passed on {other:?}");
        assert!(same((one, other), &ty, handles), "{}", told());
    }
    // Not only the same: what was given.
    if name.ends_with("-pick1") {
        assert_eq!(one[0], left[1], "{name}");
    }
    true
}

/// The functions of a component, with their interfaces.
fn listed(component: &Component, engine: &Engine) -> Vec<(Option<String>, String)> {
    use wasmtime::component::types::ComponentItem;
    let mut functions = Vec::new();
    let ty = component.component_type();
    for (name, item) in ty.exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(_) => functions.push((None, name.to_owned())),
            ComponentItem::ComponentInstance(instance) => {
                let function = |item| matches!(item, ComponentItem::ComponentFunc(_));
                let members = instance
                    .exports(engine)
                    .filter(|(_, i)| function(i.ty.clone()));
                functions
                    .extend(members.map(|(member, _)| (Some(name.to_owned()), member.to_owned())));
            }
            _ => {}
        }
    }
    functions
}

/// The interface in which a function is passed on.
fn passed(way: Way, interface: Option<&str>, function: &str) -> Option<String> {
    Some(match (way, interface) {
        (Way::Root, _) => "passed".to_owned(),
        // Types come along, with the functions that belong to them.
        (Way::Using, Some(interface)) if !function.starts_with('[') => {
            interface.replace("p:p/i", "q:q/j")
        }
        (_, interface) => interface?.to_owned(),
    })
}

fn found(
    store: &mut Store<()>,
    instance: &Instance,
    (interface, name): (Option<&str>, &str),
) -> Option<Func> {
    let outer = match interface {
        Some(interface) => Some(instance.get_export_index(&mut *store, None, interface)?),
        None => None,
    };
    let index = instance.get_export_index(&mut *store, outer.as_ref(), name)?;
    instance.get_func(store, index)
}

#[test]
fn random_worlds_say_the_same_linked_and_alone() {
    let worlds: Vec<Worlds> = (0..24).map(holds).collect();
    for way in [Way::Same, Way::Using, Way::Root] {
        assert!(worlds.iter().any(|worlds| worlds.way == way), "{way:?}");
    }
    for word in [
        "resource",
        "borrow<",
        "variant",
        "flags",
        "enum",
        "string",
        "list<u8, ",
    ] {
        assert!(worlds.iter().any(|w| w.giver.contains(word)), "{word}");
    }
}

/// `SEEDS=<first>..<end> cargo test --lib many_random_worlds -- --ignored`
#[test]
#[ignore = "takes minutes"]
#[allow(clippy::disallowed_methods, reason = "a test may")]
fn many_random_worlds_say_the_same_linked_and_alone() {
    let seeds = std::env::var("SEEDS").unwrap_or_else(|_| "0..1000".to_owned());
    let (first, end) = seeds.split_once("..").unwrap();
    for seed in first.parse().unwrap()..end.parse().unwrap() {
        holds(seed);
    }
}
