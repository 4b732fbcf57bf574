//! Steps with one mistake each. `../rust.txt` has what they say.

use std::time::{Duration, Instant, SystemTime};

use reentry_step::serde_json::{self, Value};
use reentry_step::{Context, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Answer {
    read: u32,
}

type Ctx = Context<String, Answer>;

async fn panic(_: Ctx, _: Value) -> Result<()> {
    let prices: Vec<u32> = Vec::new();
    let _ = prices[usize::from(std::hint::black_box(3_u8))];
    Ok(())
}

async fn forgotten_await(ctx: Ctx, _: Value) -> Result<()> {
    let _ = ctx.suspend("sure?".into());
    Ok(())
}

async fn print(_: Ctx, _: Value) -> Result<()> {
    println!("seen by nobody");
    Ok(())
}

async fn print_to_the_log(_: Ctx, _: Value) -> Result<()> {
    use reentry_step::{dbg, eprint, eprintln, print, println};
    print!("seen by ");
    println!("all,\n{}", dbg!(1 + 1));
    eprintln!("and this");
    eprint!("as well");
    Ok(())
}

async fn assert_fails(_: Ctx, _: Value) -> Result<()> {
    assert_eq!(std::hint::black_box(1) + 1, 3, "there were {} lamps", 2);
    Ok(())
}

async fn read_a_file(_: Ctx, _: Value) -> Result<String> {
    Ok(std::fs::read_to_string("prices.csv")?)
}

async fn connect(_: Ctx, _: Value) -> Result<()> {
    std::net::TcpStream::connect(("127.0.0.1", 80))?;
    Ok(())
}

async fn clock(_: Ctx, _: Value) -> Result<bool> {
    Ok(SystemTime::now() > SystemTime::UNIX_EPOCH)
}

async fn stopwatch(_: Ctx, _: Value) -> Result<bool> {
    Ok(Instant::now().elapsed() > Duration::ZERO)
}

async fn sleep(_: Ctx, _: Value) -> Result<()> {
    std::thread::sleep(Duration::from_secs(60));
    Ok(())
}

async fn thread(_: Ctx, _: Value) -> Result<()> {
    std::thread::spawn(|| ()).join().ok();
    Ok(())
}

async fn variable(_: Ctx, _: Value) -> Result<String> {
    Ok(std::env::var("API_KEY")?)
}

async fn out_of_memory(_: Ctx, _: Value) -> Result<()> {
    let mut kept = Vec::new();
    loop {
        kept.push(std::hint::black_box(vec![1_u8; 10_000_000]));
    }
}

async fn endless(_: Ctx, _: Value) -> Result<()> {
    loop {
        std::hint::black_box(());
    }
}

async fn wrong_input(_: Ctx, input: Answer) -> Result<u32> {
    Ok(input.read)
}

async fn wrong_answer(ctx: Ctx, _: Value) -> Result<u32> {
    Ok(ctx.suspend("how many?".into()).await?.read)
}

async fn refused_answer(ctx: Ctx, _: Value) -> Result<u32> {
    let answer = ctx.suspend("how many?".into()).await?;
    if answer.read > 10 {
        return ctx.refuse(format!("{} is more than there are: at most 10", answer.read));
    }
    Ok(answer.read)
}

async fn answer_read_by_hand(ctx: Context<String, Value>, _: Value) -> Result<u32> {
    let answer = ctx.suspend("how many?".into()).await?;
    Ok(serde_json::from_value::<Answer>(answer)?.read)
}

async fn not_a_number(_: Ctx, _: Value) -> Result<f64> {
    Ok(f64::NAN)
}

async fn foreign_future(_: Ctx, _: Value) -> Result<()> {
    std::future::pending().await
}

reentry_step::export! {
    Step::new("panic", panic),
    Step::new("forgotten-await", forgotten_await),
    Step::new("print", print),
    Step::new("print-to-the-log", print_to_the_log),
    Step::new("assert", assert_fails),
    Step::new("read-a-file", read_a_file),
    Step::new("connect", connect),
    Step::new("clock", clock),
    Step::new("stopwatch", stopwatch),
    Step::new("sleep", sleep),
    Step::new("thread", thread),
    Step::new("environment-variable", variable),
    Step::new("out-of-memory", out_of_memory),
    Step::new("endless", endless).timeout(Duration::from_secs(1)),
    Step::new("wrong-input", wrong_input),
    Step::new("wrong-answer", wrong_answer),
    Step::new("refused-answer", refused_answer),
    Step::new("answer-read-by-hand", answer_read_by_hand),
    Step::new("not-a-number", not_a_number),
    Step::new("foreign-future", foreign_future),
}
