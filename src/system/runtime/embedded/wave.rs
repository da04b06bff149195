//! Values of components in WAVE, also of types that WAVE does not have: a map is
//! written as the list of its entries, each a tuple of key and value, and a list of
//! fixed length as a list.

use std::borrow::Cow;

use wasmtime::component::wasm_wave::value::{Type as WaveType, Value};
use wasmtime::component::wasm_wave::wasm::{WasmType as _, WasmValue as _};
use wasmtime::component::{Type, Val};

use crate::base::error::{Error, Result};

/// The type that values of `ty` are written as; `None` where they hold a handle, a
/// stream, a future or an error context, which have no written form.
pub(super) fn written_type(ty: &Type) -> Option<WaveType> {
    let maybe = |ty: Option<Type>| match ty {
        Some(ty) => written_type(&ty).map(Some),
        None => Some(None),
    };
    Some(match ty {
        Type::List(list) => WaveType::list(written_type(&list.ty())?),
        Type::FixedLengthList(list) => WaveType::list(written_type(&list.ty())?),
        Type::Map(map) => {
            let entry = [written_type(&map.key())?, written_type(&map.value())?];
            WaveType::list(WaveType::tuple(entry)?)
        }
        Type::Option(option) => WaveType::option(written_type(&option.ty())?),
        Type::Result(result) => WaveType::result(maybe(result.ok())?, maybe(result.err())?),
        Type::Tuple(tuple) => {
            let types: Option<Vec<_>> = tuple.types().map(|ty| written_type(&ty)).collect();
            WaveType::tuple(types?)?
        }
        Type::Record(record) => {
            let fields = record.fields();
            let fields: Option<Vec<_>> = fields
                .map(|field| Some((field.name.to_owned(), written_type(&field.ty)?)))
                .collect();
            WaveType::record(fields?)?
        }
        Type::Variant(variant) => {
            let cases: Option<Vec<_>> = variant
                .cases()
                .map(|case| Some((case.name.to_owned(), maybe(case.ty)?)))
                .collect();
            WaveType::variant(cases?)?
        }
        Type::Enum(cases) => WaveType::enum_ty(cases.names().map(str::to_owned))?,
        Type::Flags(flags) => WaveType::flags(flags.names().map(str::to_owned))?,
        simple => WaveType::simple(simple.kind())?,
    })
}

/// The value of type `ty` that `written` stands for, which was read as
/// [`written_type`] has it. An error for a list of another length than that of
/// its type.
pub(super) fn to_val(ty: &Type, written: &Value) -> Result<Val> {
    let boxed = |ty: Option<Type>, value: Option<Cow<'_, Value>>| {
        let both = ty.zip(value);
        let converted = both.map(|(ty, value)| to_val(&ty, &value).map(Box::new));
        converted.transpose()
    };
    let all = |ty: &Type, values: &Value| -> Result<Vec<Val>> {
        let values = values.unwrap_list();
        values.map(|value| to_val(ty, &value)).collect()
    };
    Ok(match ty {
        Type::List(list) => Val::List(all(&list.ty(), written)?),
        Type::FixedLengthList(list) => {
            let values = all(&list.ty(), written)?;
            if values.len() as u64 != u64::from(list.len()) {
                return Err(Error::usage(format!(
                    "`{}` has {} elements, but {} were given",
                    display_type(ty),
                    list.len(),
                    values.len()
                )));
            }
            Val::FixedLengthList(values)
        }
        Type::Map(map) => {
            let entry = |entry: Cow<'_, Value>| {
                let mut parts = entry.unwrap_tuple();
                let mut next = |ty: Type| match parts.next() {
                    Some(part) => to_val(&ty, &part),
                    None => Err(Error::usage(
                        "an entry of a map must have a key and a value",
                    )),
                };
                Ok((next(map.key())?, next(map.value())?))
            };
            Val::Map(written.unwrap_list().map(entry).collect::<Result<_>>()?)
        }
        Type::Record(record) => {
            let values = record.fields().zip(written.unwrap_record());
            let values = values
                .map(|(field, (_, value))| Ok((field.name.to_owned(), to_val(&field.ty, &value)?)));
            Val::Record(values.collect::<Result<_>>()?)
        }
        Type::Tuple(tuple) => {
            let values = tuple.types().zip(written.unwrap_tuple());
            let values = values.map(|(ty, value)| to_val(&ty, &value));
            Val::Tuple(values.collect::<Result<_>>()?)
        }
        Type::Variant(variant) => {
            let (name, value) = written.unwrap_variant();
            let ty = variant.cases().find(|case| case.name == name);
            Val::Variant(
                name.into_owned(),
                boxed(ty.and_then(|case| case.ty), value)?,
            )
        }
        Type::Enum(_) => Val::Enum(written.unwrap_enum().into_owned()),
        Type::Option(option) => Val::Option(boxed(Some(option.ty()), written.unwrap_option())?),
        Type::Result(result) => Val::Result(match written.unwrap_result() {
            Ok(value) => Ok(boxed(result.ok(), value)?),
            Err(value) => Err(boxed(result.err(), value)?),
        }),
        Type::Flags(_) => Val::Flags(written.unwrap_flags().map(Cow::into_owned).collect()),
        other => {
            return simple(other, written).ok_or_else(|| {
                Error::unsupported(format!(
                    "a value of type `{}` cannot be written",
                    display_type(other)
                ))
            });
        }
    })
}

/// The value of a type that is not made of others; `None` for other types.
fn simple(ty: &Type, written: &Value) -> Option<Val> {
    Some(match ty {
        Type::Bool => Val::Bool(written.unwrap_bool()),
        Type::S8 => Val::S8(written.unwrap_s8()),
        Type::U8 => Val::U8(written.unwrap_u8()),
        Type::S16 => Val::S16(written.unwrap_s16()),
        Type::U16 => Val::U16(written.unwrap_u16()),
        Type::S32 => Val::S32(written.unwrap_s32()),
        Type::U32 => Val::U32(written.unwrap_u32()),
        Type::S64 => Val::S64(written.unwrap_s64()),
        Type::U64 => Val::U64(written.unwrap_u64()),
        Type::Float32 => Val::Float32(written.unwrap_f32()),
        Type::Float64 => Val::Float64(written.unwrap_f64()),
        Type::Char => Val::Char(written.unwrap_char()),
        Type::String => Val::String(written.unwrap_string().into_owned()),
        _ => return None,
    })
}

/// The text in WAVE of a value of a component.
pub(super) fn text(value: Val) -> wasmtime::Result<String> {
    with_lists(value).to_wave()
}

/// The value with lists in place of the types that WAVE does not have.
fn with_lists(value: Val) -> Val {
    let all = |values: Vec<Val>| values.into_iter().map(with_lists).collect();
    let boxed = |value: Option<Box<Val>>| value.map(|value| Box::new(with_lists(*value)));
    match value {
        Val::List(values) | Val::FixedLengthList(values) => Val::List(all(values)),
        Val::Map(entries) => {
            let entry = |(key, value)| Val::Tuple(vec![with_lists(key), with_lists(value)]);
            Val::List(entries.into_iter().map(entry).collect())
        }
        Val::Record(fields) => {
            let fields = fields.into_iter();
            Val::Record(
                fields
                    .map(|(name, value)| (name, with_lists(value)))
                    .collect(),
            )
        }
        Val::Tuple(values) => Val::Tuple(all(values)),
        Val::Variant(name, value) => Val::Variant(name, boxed(value)),
        Val::Option(value) => Val::Option(boxed(value)),
        Val::Result(Ok(value)) => Val::Result(Ok(boxed(value))),
        Val::Result(Err(value)) => Val::Result(Err(boxed(value))),
        other => other,
    }
}

/// A type as WIT writes it; records and the like are written out, without names.
pub(super) fn display_type(ty: &Type) -> String {
    let maybe = |ty: Option<Type>| ty.map_or("_".to_owned(), |ty| display_type(&ty));
    let joined = |parts: Vec<String>| parts.join(", ");
    match ty {
        Type::List(list) => format!("list<{}>", display_type(&list.ty())),
        Type::FixedLengthList(list) => {
            format!("list<{}, {}>", display_type(&list.ty()), list.len())
        }
        Type::Map(map) => format!(
            "map<{}, {}>",
            display_type(&map.key()),
            display_type(&map.value())
        ),
        Type::Option(option) => format!("option<{}>", display_type(&option.ty())),
        Type::Result(result) => match (result.ok(), result.err()) {
            (None, None) => "result".to_owned(),
            (Some(ok), None) => format!("result<{}>", display_type(&ok)),
            (ok, Some(err)) => format!("result<{}, {}>", maybe(ok), display_type(&err)),
        },
        Type::Tuple(tuple) => {
            format!(
                "tuple<{}>",
                joined(tuple.types().map(|ty| display_type(&ty)).collect())
            )
        }
        Type::Record(record) => {
            let fields = record.fields();
            let fields = fields.map(|field| format!("{}: {}", field.name, display_type(&field.ty)));
            format!("record {{ {} }}", joined(fields.collect()))
        }
        Type::Variant(variant) => {
            let case = |case: wasmtime::component::types::Case<'_>| match case.ty {
                Some(ty) => format!("{}({})", case.name, display_type(&ty)),
                None => case.name.to_owned(),
            };
            format!(
                "variant {{ {} }}",
                joined(variant.cases().map(case).collect())
            )
        }
        Type::Enum(cases) => {
            format!(
                "enum {{ {} }}",
                joined(cases.names().map(str::to_owned).collect())
            )
        }
        Type::Flags(flags) => {
            format!(
                "flags {{ {} }}",
                joined(flags.names().map(str::to_owned).collect())
            )
        }
        Type::Own(_) => "own<_>".to_owned(),
        Type::Borrow(_) => "borrow<_>".to_owned(),
        Type::Stream(_) => "stream<_>".to_owned(),
        Type::Future(_) => "future<_>".to_owned(),
        Type::ErrorContext => "error-context".to_owned(),
        simple => simple.kind().to_string(),
    }
}
