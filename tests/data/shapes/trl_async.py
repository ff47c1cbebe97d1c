import asyncio


async def async_reward_func(prompts, completions, **kwargs):
    await asyncio.sleep(0)
    return [float(len(set(completion.split()))) for completion in completions]
