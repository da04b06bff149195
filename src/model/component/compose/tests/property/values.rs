//! Random values of a type, in two copies that differ in their resources
//! alone.

use wasmtime::component::{ResourceAny, ResourceType, Type, Val};

use crate::model::component::compose::tests::random::Random;

/// The resources there are, each with the one that stands for it.
#[derive(Default)]
pub struct Handles {
    free: Vec<(ResourceType, ResourceAny, ResourceAny)>,
    /// Those in the values that are being made.
    used: Vec<(ResourceType, ResourceAny, ResourceAny)>,
}

impl Handles {
    /// The values were not needed.
    pub fn put_back(&mut self) {
        self.free.append(&mut self.used);
    }

    /// The values were handed over.
    pub fn taken(&mut self) {
        self.used.clear();
    }

    fn one(&mut self, ty: &ResourceType, random: &mut Random) -> Option<usize> {
        let fit = |(_, (of, ..)): &(usize, &(ResourceType, _, _))| of == ty;
        let fit: Vec<usize> = self
            .free
            .iter()
            .enumerate()
            .filter(fit)
            .map(|(at, _)| at)
            .collect();
        (!fit.is_empty()).then(|| *random.one(&fit))
    }
}

/// A value twice; none where a resource is wanted and there is none.
pub fn pair(ty: &Type, handles: &mut Handles, random: &mut Random) -> Option<(Val, Val)> {
    match ty {
        Type::Own(resource) => {
            let at = handles.one(resource, random)?;
            let one = handles.free.remove(at);
            let pair = (Val::Resource(one.1), Val::Resource(one.2));
            handles.used.push(one);
            return Some(pair);
        }
        Type::Borrow(resource) => {
            let at = handles.one(resource, random)?;
            let (_, one, other) = handles.free[at];
            return Some((Val::Resource(one), Val::Resource(other)));
        }
        _ => {}
    }
    let mut parts = |types: Vec<Type>| -> Option<(Vec<Val>, Vec<Val>)> {
        let pairs: Option<Vec<_>> = types.iter().map(|ty| pair(ty, handles, random)).collect();
        Some(pairs?.into_iter().unzip())
    };
    Some(match ty {
        Type::List(list) => {
            let length = random.below(4);
            let (one, other) = many(&list.ty(), length, handles, random)?;
            (Val::List(one), Val::List(other))
        }
        Type::FixedLengthList(list) => {
            let (one, other) = many(&list.ty(), list.len() as usize, handles, random)?;
            (Val::FixedLengthList(one), Val::FixedLengthList(other))
        }
        Type::Tuple(tuple) => {
            let (one, other) = parts(tuple.types().collect())?;
            (Val::Tuple(one), Val::Tuple(other))
        }
        Type::Record(record) => {
            let (one, other) = parts(record.fields().map(|field| field.ty).collect())?;
            let named = |values: Vec<Val>| {
                let names = record.fields().map(|field| field.name.to_owned());
                Val::Record(names.zip(values).collect())
            };
            (named(one), named(other))
        }
        Type::Variant(variant) => {
            let cases: Vec<_> = variant.cases().collect();
            let case = random.one(&cases);
            let (one, other) = maybe(case.ty.as_ref(), handles, random)?;
            let name = || case.name.to_owned();
            (Val::Variant(name(), one), Val::Variant(name(), other))
        }
        Type::Option(option) => match random.once_in(3) {
            true => (Val::Option(None), Val::Option(None)),
            false => {
                let (one, other) = maybe(Some(&option.ty()), handles, random)?;
                (Val::Option(one), Val::Option(other))
            }
        },
        Type::Result(result) => match random.once_in(2) {
            true => {
                let (one, other) = maybe(result.ok().as_ref(), handles, random)?;
                (Val::Result(Ok(one)), Val::Result(Ok(other)))
            }
            false => {
                let (one, other) = maybe(result.err().as_ref(), handles, random)?;
                (Val::Result(Err(one)), Val::Result(Err(other)))
            }
        },
        ty => {
            let value = plain(ty, random);
            (value.clone(), value)
        }
    })
}

type Maybe = Option<Box<Val>>;

fn maybe(ty: Option<&Type>, handles: &mut Handles, random: &mut Random) -> Option<(Maybe, Maybe)> {
    let Some(ty) = ty else {
        return Some((None, None));
    };
    let (one, other) = pair(ty, handles, random)?;
    Some((Some(Box::new(one)), Some(Box::new(other))))
}

fn many(
    ty: &Type,
    length: usize,
    handles: &mut Handles,
    random: &mut Random,
) -> Option<(Vec<Val>, Vec<Val>)> {
    let pairs: Option<Vec<_>> = (0..length).map(|_| pair(ty, handles, random)).collect();
    Some(pairs?.into_iter().unzip())
}

/// A value without parts.
fn plain(ty: &Type, random: &mut Random) -> Val {
    let number = random.number();
    // Often one at an edge.
    let number = match random.below(6) {
        0 => 0,
        1 => u64::MAX,
        2 => 1 << 31,
        _ => number,
    };
    match ty {
        Type::Bool => Val::Bool(number & 1 == 1),
        Type::S8 => Val::S8(number as i8),
        Type::U8 => Val::U8(number as u8),
        Type::S16 => Val::S16(number as i16),
        Type::U16 => Val::U16(number as u16),
        Type::S32 => Val::S32(number as i32),
        Type::U32 => Val::U32(number as u32),
        Type::S64 => Val::S64(number as i64),
        Type::U64 => Val::U64(number),
        Type::Float32 => Val::Float32(number as i32 as f32 / 8.0),
        Type::Float64 => Val::Float64(number as i64 as f64 / 8.0),
        Type::Char => Val::Char(char::from_u32(number as u32 % 0x11_0000).unwrap_or('ß')),
        Type::String => {
            let words = ["", "a", "Grüße", "日本\0語", "😀 e\u{301}"];
            Val::String(random.one(&words).repeat(1 + random.below(60)))
        }
        Type::Enum(names) => {
            let names: Vec<&str> = names.names().collect();
            Val::Enum((*random.one(&names)).to_owned())
        }
        Type::Flags(names) => {
            let names = names.names().enumerate();
            let set = names.filter(|(at, _)| number >> at & 1 == 1);
            Val::Flags(set.map(|(_, name)| name.to_owned()).collect())
        }
        other => panic!("no value of {other:?}"),
    }
}

/// Whether two values are one; resources in them are kept for later.
pub fn same((one, other): (&Val, &Val), ty: &Type, handles: &mut Handles) -> bool {
    let mut all = |one: &[Val], other: &[Val], types: Vec<Type>| {
        let pairs = one.iter().zip(other).zip(&types);
        one.len() == other.len() && pairs.fold(true, |is, (pair, ty)| is & same(pair, ty, handles))
    };
    let mut both = |one: &Maybe, other: &Maybe, ty: Option<Type>| match (one, other, ty) {
        (Some(one), Some(other), Some(ty)) => all(
            std::slice::from_ref(one),
            std::slice::from_ref(other),
            vec![ty],
        ),
        (one, other, _) => one == other,
    };
    match (one, other, ty) {
        (Val::Resource(one), Val::Resource(other), Type::Own(ty)) => {
            handles.free.push((*ty, *one, *other));
            true
        }
        (Val::List(one), Val::List(other), Type::List(list)) => {
            all(one, other, vec![list.ty(); one.len()])
        }
        (Val::Tuple(one), Val::Tuple(other), Type::Tuple(tuple)) => {
            all(one, other, tuple.types().collect())
        }
        (Val::Option(one), Val::Option(other), Type::Option(option)) => {
            both(one, other, Some(option.ty()))
        }
        (Val::Result(Ok(one)), Val::Result(Ok(other)), Type::Result(result)) => {
            both(one, other, result.ok())
        }
        (Val::Result(Err(one)), Val::Result(Err(other)), Type::Result(result)) => {
            both(one, other, result.err())
        }
        // Of the values that are made here, no others hold resources.
        (one, other, _) => one == other,
    }
}
