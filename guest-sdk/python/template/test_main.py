"""The step without a host: `PYTHONPATH=sdk python3 -m unittest`."""

import unittest

from main import buy
from reentry_step import testing


class Buy(unittest.TestCase):
    def test_a_yes_buys(self) -> None:
        run = testing.start(buy, {"item": "a lamp"})
        self.assertEqual(run.question, {"item": "a lamp"})
        self.assertEqual(run.answer({"approved": True}).output, {"bought": "a lamp", "comment": None})

    def test_a_no_is_a_failure(self) -> None:
        run = testing.start(buy, {"item": "a lamp"}).answer({"approved": False})
        self.assertEqual(run.failure and run.failure.code, "refused")

    def test_an_answer_that_does_not_fit_is_refused(self) -> None:
        with self.assertRaisesRegex(testing.Refused, "/approved: \"yes\" is not true or false"):
            testing.start(buy, {"item": "a lamp"}).answer({"approved": "yes"})


if __name__ == "__main__":
    unittest.main()
