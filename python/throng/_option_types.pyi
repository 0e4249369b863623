"""Made from the library's tables of options by python/tools/option_types.py."""

from typing import Any, Literal, Sequence, TypedDict

class SynthOptions(TypedDict, total=False):
    """Section "synth"."""
    users: int
    """users"""
    items: int
    """items"""
    categories: int
    """categories"""
    keywords: int
    """distinct keywords"""
    dim: int
    """length of the embeddings"""
    tastes: int
    """latent tastes that users and items are drawn from"""
    history_mean: int
    """mean interactions a user"""
    interactions: int
    """interactions in all, one a user and an item at the least (0: by history_mean)"""
    noise: float
    """share of answers that ignore the taste"""
    seed: int
    """seed of the synthetic world; follows train.seed unless given"""
    later_share: float
    """of each user's interactions, the last ones, that no history and no fit sees and throng evaluate asks about; 0: none"""
    later_least: int
    """users with fewer interactions have no later part"""

class StaOptions(TypedDict, total=False):
    """Section "sta"."""
    file: str
    """f_sta weights fitted earlier on this world"""
    width: int
    """length of every embedding"""
    layers: int
    """attention layers"""
    heads: int
    """attention heads; divides sta.width"""
    window: int
    """history entries that the model reads; even"""
    labels: bool
    """the model sees whether a past item was liked"""
    scale_labels: bool
    """the past answer's embedding enters times sqrt(sta.width), as the item's does; weights of before this option: false"""
    biases: bool
    """add a bias of the user and one of the item to the logit (label objective)"""
    objective: Literal['label', 'next_item']
    """label: the real 0/1 answers; next_item: the next item against sampled negatives"""
    dropout: float
    """share of activations dropped in the fit"""
    learning_rate: float
    """Adam's step size"""
    weight_decay: float
    """L2 added to the gradient"""
    beta1: float
    """Adam's first decay"""
    beta2: float
    """Adam's second decay"""
    batch: int
    """windows a step"""
    epochs: int
    """epochs at most"""
    patience: int
    """epochs without a better validation before stopping"""
    stop_on: Literal['auc', 'log_loss']
    """what is to be better on the validation answers; next_item: always NDCG@10"""
    negatives: int
    """unseen items that stand as dislikes beside each like in the fit (label); -1: 1 where the world has no dislikes, else 0"""
    threshold: float
    """f_sta votes 1 where p reaches it"""
    seed: int
    """seed of the fit; follows train.seed unless given"""

class VotesOptions(TypedDict, total=False):
    """Section "votes"."""
    semantics: Literal['paper', 'published-code']
    """paper: the equations; published-code: the authors' released infer_user_interaction bit for bit; their predict applies the sigmoid twice, so that its statistical vote is always 1 (their environment around it: sim.environment)"""
    rule: Literal['majority', 'f_mat', 'f_sim', 'f_sta', 'logical', 'weighted', 'probability', 'f_pop', 'calibrated']
    """majority: at least two of three; f_mat: the keyword vote alone; f_sim: the similarity vote alone; f_sta: the statistical vote alone; logical: keyword and similarity votes, a coin where they disagree; weighted: weighted votes against a threshold; probability: drawn with the weighted mean of the scores; f_pop: the popularity vote alone: like rates of item and user; calibrated: drawn with the calibrated vote's probability, or thresholded (votes.answer)"""
    similarity: Literal['max', 'mean']
    """max: the nearest past item that counts (the paper); mean: the mean of all past items"""
    answer: Literal['draw', 'threshold']
    """rule calibrated: draw: the answer is drawn with the probability; threshold: a like from the probability on at which as many like as really do"""
    factors: bool
    """rule calibrated: weigh the factors of a matrix factorisation of the histories too: worth something where histories are long"""
    weights: Sequence[float]
    """weights of the votes, in this order: f_mat f_sim f_sta f_pop f_cal"""
    weight_threshold: float
    """what the weighted votes must reach (rule weighted)"""
    table_bytes: int
    """budget of the item-item table in bytes; 0: never build one"""

class UsersOptions(TypedDict, total=False):
    """Section "users"."""
    preset: Literal['static', 'dynamic']
    """what keys of this section that are not given are: static: off; dynamic: leaving on repetition, boredom that makes deaf, temper"""
    temper: float
    """budget that a session's answers use up; the user leaves where it falls below 1 (KuaiSim: 10); 0: off"""
    temper_like: float
    """what a liked item costs of temper, as a mean over the slate"""
    temper_dislike: float
    """what a disliked item costs of temper, as a mean over the slate"""
    repeat_window: int
    """steps looked back on for repeated categories (EasyRL4Rec: 1 or 5); 0: off"""
    repeat_threshold: int
    """a user leaves where a category of a shown item was shown more often than this in repeat_window (EasyRL4Rec: 0 or 1)"""
    bored_likes: int
    """likes of one category within bored_window that bore of it (SARDINE: 5); 0: off"""
    bored_window: int
    """steps within which bored_likes count"""
    bored_steps: int
    """steps that boredom lasts"""
    bored_deaf: bool
    """while bored of a category nothing pleases, not that category alone (SARDINE's churn and return)"""
    satiation: float
    """appetite lost by each unit of satiation with a category: p exp(-satiation s); 0: off"""
    satiation_memory: float
    """share of satiation that a step leaves: s <- satiation_memory s + 1[shown]"""
    exposure: float
    """how much similar items shown before lower a like's chance (CIRS: 1, 10); 0: off"""
    exposure_tau: float
    """steps times distance after which exposure is worn off to 1/e (CIRS: 100)"""
    drift: float
    """log-odds by which the move of interests towards liked items counts (SARDINE's slope: 10); 0: off"""
    drift_rate: float
    """share by which interests move with each like (SARDINE: 0.05)"""
    sessions: int
    """sessions of one user in an episode, at most (KuaiSim: 6)"""
    return_bias: float
    """chance that a user comes back on any one day, after a session without likes (KuaiSim)"""
    return_reward: float
    """what a session's likes an item shown add to the chance of return (KuaiSim)"""
    return_activity: float
    """what a user's n interactions add: times (n - mean) / (n + mean) over users"""
    return_gap: int
    """days after which a user who has not come back never does (KuaiSim)"""
    choice: Literal['each', 'multinomial', 'plackett_luce', 'cascade']
    """which items of a slate a user looks at: each: all, or by position_bias; multinomial: one at most, by its chance of a like; plackett_luce: up to choices, one after the other; cascade: from the first on until one is liked"""
    choices: int
    """items that plackett_luce looks at, at most"""
    position_bias: float
    """slot k of a slate is looked at with chance (k + 1)^-position_bias"""
    no_choice: float
    """score of choosing nothing beside the items' chances of a like (RecSim: 1)"""
    features: bool
    """agents see the state that users' dynamics go by, where any is on"""

class SimOptions(TypedDict, total=False):
    """Section "sim"."""
    lanes: int
    """user sessions that advance together"""
    history: int
    """entries that a lane remembers, newest kept"""
    leave_probability: float
    """probability that a user leaves after a step"""
    max_steps: int
    """steps after which an episode is truncated"""
    slate_size: int
    """items shown a step"""
    mask: Literal['none', 'session', 'all']
    """items that agents may not show: none; session: those that the session has shown; all: those of the user's real history too"""
    mask_seen: bool
    """agents may not repeat an item within a session: mask is at least session"""
    preferences: bool
    """keep users' preference vectors; always so with votes.similarity mean"""
    seed: int
    """seed of the lanes; follows train.seed unless given"""
    first_lane: int
    """number of lane 0 in the random stream"""
    environment: Literal['session', 'published-by-time', 'published-by-user']
    """session: the session's user answers; published-by-time, published-by-user: the authors' released step(), in which whoever wrote the shown item's first row answers, rows being in that order, or a coin"""

class AgentOptions(TypedDict, total=False):
    """Section "agent"."""
    algorithm: Literal['dqn', 'ppo', 'a2c', 'trpo']
    """how agents learn"""
    head: Literal['flat', 'two_tower', 'flat_dueling']
    """flat: one slot and one Q an item (the paper); flat_dueling: with the state's own value beside them; two_tower: query of the state . vector of the item"""
    count: Any
    """agents in the population; divides sim.lanes. auto: as many as memory holds, sim.lanes being one agent's"""
    hidden: Sequence[int]
    """units of the two hidden layers"""
    width: int
    """query and item vectors (two_tower)"""
    user_width: int
    """learned user embedding; 0: none"""
    item_start: float
    """flat heads: how large the items' rows start, 1 being torch.nn.Linear's; 0: what was never shown scores alike"""
    user_start: float
    """flat heads: standard deviation that the users' rows start with (PPO, A2C, TRPO: 0.1)"""
    ortho_init: bool
    """dense layers start orthogonal, with gain sqrt(2), and what makes the scores with 0.01, as policies of Stable-Baselines3 (PPO, A2C, TRPO: true)"""
    activation: Literal['relu', 'tanh']
    """of the two hidden layers (PPO, A2C, TRPO: tanh)"""
    layer_norm: bool
    """DQN: layer normalisation of the hidden layers' sums before their activation"""
    gamma: float
    """discount a step"""
    fold_leave: bool
    """leaving by chance, which no item changes, stands in the discount, gamma (1 - sim.leave_probability), and ends no target"""
    bootstrap_truncated: bool
    """a session cut off by sim.max_steps is worth its last state; false: nothing follows"""
    reward_scale: float
    """what a like is worth to the learner; Q and values are in these units"""
    learning_rate: float
    """Adam's step size (the paper: 1e-4)"""
    anneal_lr: bool
    """learning_rate falls linearly over the agent's run, to 0 at its end (TRPO: the critic's)"""
    beta1: float
    """Adam's first decay"""
    beta2: float
    """Adam's second decay"""
    adam_epsilon: float
    """Adam's denominator term"""
    batch: int
    """transitions an update and agent"""
    update_every: int
    """simulator steps between updates"""
    updates: int
    """updates each time"""
    buffer: int
    """replay transitions an agent"""
    learning_starts: int
    """user-steps before the first update"""
    n_step: int
    """steps of reward before the bootstrap"""
    target_network: bool
    """false: none, targets are by the newest weights (PQN), and tau, target_every and double_dqn say nothing"""
    double_dqn: bool
    """the online net chooses, the target net values"""
    loss: Literal['huber', 'mse']
    """loss of the TD error"""
    huber_delta: float
    """size of an error from which Huber's loss grows linearly"""
    action_gap: float
    """advantage learning: share of what the shown item lacks to the state's best that its target loses, which widens what tells items apart; 0: off"""
    munchausen_temperature: float
    """above 0: Munchausen DQN, whose states are worth a soft maximum and whose action_gap is of the softmax's log-probability (0.03, with action_gap 0.9); 0: off"""
    max_grad_norm: float
    """gradient clipping; 0: none"""
    tau: float
    """1: hard target copy; below: soft update at every update"""
    target_every: int
    """user-steps between hard copies"""
    epsilon: Literal['linear', 'exponential']
    """how epsilon falls"""
    epsilon_start: float
    """share of random actions at first"""
    epsilon_end: float
    """share of random actions at last"""
    epsilon_share: float
    """share of all steps over which it falls"""
    seed: int
    """seed of weights, actions and replay; follows train.seed unless given"""
    n_steps: int
    """PPO, A2C, TRPO: steps of each lane in a rollout (A2C: 5)"""
    n_epochs: int
    """PPO: passes over a rollout"""
    gae_lambda: float
    """PPO, A2C, TRPO: of generalised advantages (A2C: 1)"""
    clip_range: float
    """PPO: clipping of the ratio of probabilities"""
    clip_range_vf: float
    """PPO: clipping of a value's change; 0: none"""
    normalize_advantage: bool
    """PPO, A2C, TRPO: advantages of a minibatch to mean 0 and deviation 1 (A2C: false)"""
    ent_coef: float
    """PPO, A2C: weight of the entropy"""
    vf_coef: float
    """PPO, A2C: weight of the values' squared error"""
    target_kl: float
    """PPO: leave a rollout above 1.5 times this KL divergence, 0: never; TRPO: length of a step (0.01)"""
    use_rms_prop: bool
    """PPO, A2C: RMSprop with decay beta2 in place of Adam (A2C: true)"""
    n_critic_updates: int
    """TRPO: passes of the critic over a rollout"""
    cg_max_steps: int
    """TRPO: steps of conjugate gradient"""
    cg_damping: float
    """TRPO: what is added to the Fisher matrix's diagonal"""
    line_search_shrinking_factor: float
    """TRPO: a step's length from one try to the next"""
    line_search_max_iter: int
    """TRPO: tries of a step's length"""
    sub_sampling_factor: int
    """TRPO: of every so many states the policy's step is made"""

class TrainOptions(TypedDict, total=False):
    """Section "train"."""
    steps: int
    """user-steps"""
    evaluate_every: int
    """user-steps between evaluations"""
    checkpoint_every: int
    """user-steps between checkpoints"""
    yardsticks: bool
    """evaluate random, popular, most-similar and the myopic policy too; the planner: see evaluation.planner"""
    resume: bool
    """go on from the run folder's last good checkpoint"""
    out: str
    """run folder, made where missing"""
    evaluation: dict[str, Any]
    seed: int
    """seed that sim, agent, sta and synth follow unless they have their own"""
    report: bool
    """throng train writes report.html into the run folder at its end, a page for a browser"""

class EvaluationOptions(TypedDict, total=False):
    """Section "train.evaluation"."""
    episodes: int
    """sessions of an evaluation"""
    seed: int
    """seed of evaluations, apart from training's"""
    top: int
    """items that Liking% asks about"""
    planner: Literal['auto', 'on', 'off']
    """the yardstick that looks ahead; auto: where users change with what they are shown"""
    planner_width: int
    """plans that its beam keeps"""
    planner_depth: int
    """steps that it looks ahead"""
    planner_candidates: int
    """items that a plan is made of"""
    bandits: bool
    """LinUCB and Thompson sampling play too: linear bandits over the two_tower network's features"""
    bandit_steps: int
    """user-steps that each bandit learns from before it plays"""
    bandit_alpha: float
    """deviations by which LinUCB is optimistic and Thompson sampling draws"""

class BackendOptions(TypedDict, total=False):
    """Section "backend"."""
    threads: int
    """CPU threads; 0: one a core"""
    device: int
    """CUDA device"""
