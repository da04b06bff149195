fn main() -> cargo_component::error::Result<()> {
    cargo_component::build_script::artifacts()?;
    Ok(())
}
