//! Accounts in other systems, which the step asks for one by one.

use std::time::Duration;

use reentry_step::{Context, Error, Result, Retry, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct NewAccount {
    pub system: String,
    pub user_id: String,
    pub display_name: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Account {
    pub system: String,
    pub login: String,
}

/// Makes one account. Here stands what would call the other system; one of them is never there at the first try.
async fn provision(ctx: Context, new: NewAccount) -> Result<Account> {
    if new.system == "payroll" && ctx.attempt() == 0 {
        return Err(Error::retryable("payroll is being backed up").code("not-now"));
    }
    let name = new.display_name.to_lowercase().replace(' ', ".");
    ctx.info(format!("{}: account for {}", new.system, new.user_id));
    Ok(Account { login: format!("{name}@{}", new.system), system: new.system })
}

pub fn step() -> Step {
    Step::new("provision", provision)
        .title("Make an account")
        .retry(Retry::times(5).delay(Duration::from_secs(60)).backoff(2.0))
}
