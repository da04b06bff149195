//! Exports a resource: accounts that keep their balance inside the component.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use std::cell::Cell;

use bindings::Guest;
use bindings::exports::example::ledger::accounts::{Guest as Accounts, GuestAccount, Refusal};

struct Component;

impl Accounts for Component {
    type Account = Account;
}

/// What stands behind a handle. Methods take `&self`, so the state needs a cell.
struct Account {
    owner: String,
    balance: Cell<u64>,
}

impl GuestAccount for Account {
    fn new(owner: String) -> Self {
        Account {
            owner,
            balance: Cell::new(0),
        }
    }

    fn owner(&self) -> String {
        self.owner.clone()
    }

    fn balance(&self) -> u64 {
        self.balance.get()
    }

    fn deposit(&self, amount: u64) -> Result<u64, Refusal> {
        if amount == 0 {
            return Err(Refusal::Nothing);
        }
        self.balance.set(self.balance.get() + amount);
        Ok(self.balance.get())
    }

    fn withdraw(&self, amount: u64) -> Result<u64, Refusal> {
        let left = self.balance.get().checked_sub(amount);
        self.balance
            .set(left.ok_or(Refusal::TooLittle(self.balance.get()))?);
        Ok(self.balance.get())
    }
}

impl Guest for Component {
    fn statement(owner: String, deposits: Vec<u64>, out: u64) -> Result<String, String> {
        let account = Account::new(owner);
        let told = |refusal| match refusal {
            Refusal::TooLittle(balance) => format!("there are only {balance}"),
            Refusal::Nothing => "nothing is no amount".to_owned(),
        };
        for amount in deposits {
            account.deposit(amount).map_err(told)?;
        }
        let left = account.withdraw(out).map_err(told)?;
        Ok(format!("{} has {left}", account.owner()))
    }
}

bindings::export!(Component with_types_in bindings);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_cannot_be_taken() {
        let account = Account::new("ada".to_owned());
        assert_eq!(account.deposit(5).unwrap(), 5);
        assert!(matches!(account.withdraw(6), Err(Refusal::TooLittle(5))));
        assert_eq!(account.balance(), 5);
    }
}
