"""Coroutines together, without a host: `python3 -m unittest discover guest-sdk/python/tests`."""

import importlib.util
import pathlib
import unittest

PATH = pathlib.Path(__file__).parents[1] / "reentry_step" / "tasks.py"
SPEC = importlib.util.spec_from_file_location("tasks", PATH)
tasks = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tasks)


class Tasks(unittest.TestCase):
    def setUp(self):
        self.waits = [tasks.Awaited() for _ in range(3)]
        self.notes = []

    def run_until_it_waits(self, coroutine):
        task = tasks.Task(coroutine)
        tasks.drain()
        return task

    async def note(self, wait):
        try:
            self.notes.append(await wait)
        except ValueError as error:
            self.notes.append(str(error))
        except GeneratorExit:
            self.notes.append("closed")
            raise
        return len(self.notes)

    def settle(self, number, value=None, error=None):
        self.waits[number]._settle(value, error)
        tasks.drain()

    def test_a_coroutine_goes_on_where_it_waited(self):
        task = self.run_until_it_waits(self.note(self.waits[0]))
        self.assertFalse(task.done)
        self.settle(0, "there")
        self.assertEqual((task.result(), self.notes), (1, ["there"]))

    def test_results_are_gathered_in_order(self):
        waits = (self.waits[0], self.note(self.waits[1]), self.waits[2])
        task = self.run_until_it_waits(tasks.gather(waits, False))
        for number in (2, 1, 0):
            self.assertFalse(task.done)
            self.settle(number, f"{number}")
        self.assertEqual(task.result(), ["0", 1, "2"])

    def test_the_first_error_closes_the_others(self):
        waits = (self.note(self.waits[0]), self.waits[1], self.waits[2])
        task = self.run_until_it_waits(tasks.gather(waits, False))
        self.settle(1, error=ValueError("no"))
        with self.assertRaisesRegex(ValueError, "no"):
            task.result()
        self.assertEqual(self.notes, ["closed"])

    def test_errors_may_be_among_the_results(self):
        task = self.run_until_it_waits(tasks.gather((self.waits[0], self.waits[1]), True))
        error = ValueError("no")
        self.settle(0, error=error)
        self.settle(1, 1)
        self.assertEqual(task.result(), [error, 1])

    def test_a_race_takes_the_first_and_closes_the_others(self):
        task = self.run_until_it_waits(tasks.race((self.note(self.waits[0]), self.waits[1])))
        self.settle(1, "fast")
        self.assertEqual((task.result(), self.notes), ("fast", ["closed"]))

    def test_what_is_done_already_is_not_waited_for(self):
        self.settle(0, "at once")
        task = self.run_until_it_waits(tasks.race((self.waits[0], self.waits[1])))
        self.assertEqual(task.result(), "at once")

    def test_a_foreign_awaitable_is_an_error(self):
        class Foreign:
            def __await__(self):
                yield "what?"

        task = self.run_until_it_waits(self.note(Foreign()))
        with self.assertRaisesRegex(TypeError, "may await only what its context gave it"):
            task.result()


if __name__ == "__main__":
    unittest.main()
