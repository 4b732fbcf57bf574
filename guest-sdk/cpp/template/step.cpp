#include <reentry.hpp>

static reentry::task buy(reentry::context ctx, reentry::json order) {
  const std::string item = order["item"].string();
  const reentry::json answer =
      co_await ctx.suspend(reentry::object({{"item", item}}), {.labels = {"buyer"}}); // Days may pass here.
  if (!answer["approved"].boolean()) {
    co_return reentry::failure{.message = "the buyer said no", .code = "refused"};
  }
  co_return reentry::object({{"bought", item}});
}

extern "C" const reentry_step reentry_steps[] = {
    {.id = "{{name}}", .run = reentry::run<buy>, .title = "Buy something"},
    {},
};
